#include "codecs/image/jpeg_encode.h"

#include <algorithm>
#include <csetjmp>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <new>

// jpeglib.h needs <cstdio> before it.
#include <jerror.h>
#include <jpeglib.h>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "codecs/image/kept_rows.h"

namespace cbzfs {
namespace {

// libjpeg's own memory destination loses its buffer when an error jumps out after it has grown;
// this one keeps the pointer where the caller can free it.
struct Sink {
  jpeg_destination_mgr manager;  // first: libjpeg hands back a pointer to it
  uint8_t* data;
  size_t capacity;
  size_t size;
};

struct ErrorHandler {
  jpeg_error_mgr manager;  // first, as above
  std::jmp_buf jump;
  char message[JMSG_LENGTH_MAX];
};

void InitSink(j_compress_ptr) {}

boolean GrowSink(j_compress_ptr cinfo) {
  Sink* sink = reinterpret_cast<Sink*>(cinfo->dest);
  const size_t used = sink->capacity;
  void* grown = std::realloc(sink->data, used * 2);
  if (grown == nullptr) ERREXIT1(cinfo, JERR_OUT_OF_MEMORY, 10);
  sink->data = static_cast<uint8_t*>(grown);
  sink->capacity = used * 2;
  sink->manager.next_output_byte = sink->data + used;
  sink->manager.free_in_buffer = used;
  return TRUE;
}

void FinishSink(j_compress_ptr cinfo) {
  Sink* sink = reinterpret_cast<Sink*>(cinfo->dest);
  sink->size = sink->capacity - sink->manager.free_in_buffer;
}

[[noreturn]] void OnError(j_common_ptr cinfo) {
  ErrorHandler* handler = reinterpret_cast<ErrorHandler*>(cinfo->err);
  handler->manager.format_message(cinfo, handler->message);
  std::longjmp(handler->jump, 1);
}

void OnMessage(j_common_ptr, int) {}

struct Job {
  jpeg_compress_struct cinfo;
  ErrorHandler errors;
  Sink sink;
  bool rows_ended;
  uint8_t* lines;  // of raw gray: DCTSIZE rows, each padded to whole blocks; else null
};

// Gray rows are taken over as they are. By jpeg_write_scanlines() they would be copied pixel by
// pixel, an eighth of all instructions of a page of text.
bool IsRaw(const RowSource& source) { return source.components == 1; }

size_t PaddedWidth(const RowSource& source) {
  return (size_t{source.width} + DCTSIZE - 1) / DCTSIZE * DCTSIZE;
}

// Beyond the right and the lower edge the last pixels are repeated, as libjpeg does it.
bool WriteRawRows(Job* job, const RowSource& source) {
  jpeg_compress_struct* cinfo = &job->cinfo;
  const size_t padded = PaddedWidth(source);
  JSAMPROW rows[DCTSIZE];
  for (size_t i = 0; i < DCTSIZE; ++i) rows[i] = job->lines + i * padded;
  JSAMPARRAY plane = rows;
  while (cinfo->next_scanline < cinfo->image_height) {
    for (size_t i = 0; i < DCTSIZE; ++i) {
      const uint32_t y = cinfo->next_scanline + static_cast<uint32_t>(i);
      if (y >= source.height) {
        std::memcpy(rows[i], rows[i - 1], padded);
        continue;
      }
      const uint8_t* const row = source.row(source.state, y);
      if (row == nullptr) return false;
      std::memcpy(rows[i], row, source.width);
      std::memset(rows[i] + source.width, row[source.width - 1], padded - source.width);
    }
    jpeg_write_raw_data(cinfo, &plane, DCTSIZE);
  }
  return true;
}

bool WriteRows(Job* job, const RowSource& source) {
  jpeg_compress_struct* cinfo = &job->cinfo;
  while (cinfo->next_scanline < cinfo->image_height) {
    JSAMPROW row = const_cast<JSAMPROW>(source.row(source.state, cinfo->next_scanline));
    if (row == nullptr) return false;
    jpeg_write_scanlines(cinfo, &row, 1);
  }
  return true;
}

void SetTable(jpeg_compress_struct* cinfo, JHUFF_TBL** place, const HuffmanTable& table) {
  if (*place == nullptr) *place = jpeg_alloc_huff_table(reinterpret_cast<j_common_ptr>(cinfo));
  std::copy(table.count.begin(), table.count.end(), (*place)->bits);
  std::copy(table.symbols.begin(), table.symbols.end(), (*place)->huffval);
  (*place)->sent_table = FALSE;
}

void SetTables(jpeg_compress_struct* cinfo, const HuffmanTables& tables) {
  for (int i = 0; i < 2; ++i) {
    SetTable(cinfo, &cinfo->dc_huff_tbl_ptrs[i], tables.dc[i]);
    SetTable(cinfo, &cinfo->ac_huff_tbl_ptrs[i], tables.ac[i]);
  }
}

void Configure(jpeg_compress_struct* cinfo, const RowSource& source, int quality, bool gray,
               const HuffmanTables* tables) {
  cinfo->image_width = source.width;
  cinfo->image_height = source.height;
  cinfo->input_components = static_cast<int>(source.components);
  cinfo->in_color_space = source.components == 1 ? JCS_GRAYSCALE : JCS_RGB;
  jpeg_set_defaults(cinfo);
  jpeg_set_colorspace(cinfo, gray ? JCS_GRAYSCALE : JCS_YCbCr);
  jpeg_set_quality(cinfo, quality, TRUE);
  cinfo->optimize_coding = tables == nullptr ? TRUE : FALSE;
  if (tables != nullptr) SetTables(cinfo, *tables);
  cinfo->dct_method = JDCT_ISLOW;
  cinfo->raw_data_in = IsRaw(source) ? TRUE : FALSE;
  cinfo->write_JFIF_header = FALSE;  // the layout writes it
  cinfo->write_Adobe_marker = FALSE;
  if (!gray) {
    cinfo->comp_info[0].h_samp_factor = cinfo->comp_info[0].v_samp_factor = 2;
    for (int i = 1; i < 3; ++i) {
      cinfo->comp_info[i].h_samp_factor = cinfo->comp_info[i].v_samp_factor = 1;
    }
  }
}

// False when libjpeg gave up or the rows ended; the reason is in the job. Only plain data lives
// here: libjpeg jumps over this frame.
bool Run(Job* job, const RowSource& source, int quality, bool gray, const HuffmanTables* tables) {
  jpeg_compress_struct* cinfo = &job->cinfo;
  cinfo->err = jpeg_std_error(&job->errors.manager);
  job->errors.manager.error_exit = OnError;
  job->errors.manager.emit_message = OnMessage;
  if (setjmp(job->errors.jump) != 0) {
    jpeg_destroy_compress(cinfo);
    return false;
  }
  jpeg_create_compress(cinfo);
  cinfo->dest = &job->sink.manager;
  Configure(cinfo, source, quality, gray, tables);
  jpeg_start_compress(cinfo, TRUE);
  if (!(IsRaw(source) ? WriteRawRows(job, source) : WriteRows(job, source))) {
    job->rows_ended = true;
    jpeg_destroy_compress(cinfo);
    return false;
  }
  jpeg_finish_compress(cinfo);
  jpeg_destroy_compress(cinfo);
  return true;
}

}  // namespace

absl::StatusOr<std::string> EncodeJpegPayload(const RowSource& source, uint32_t quality, bool gray,
                                              const HuffmanTables* tables) {
  Job job = {};
  // An eighth of a byte a pixel holds nearly every page without growing.
  job.sink.capacity = 4096 + static_cast<size_t>(source.width) * source.height / 8;
  job.sink.data = static_cast<uint8_t*>(std::malloc(job.sink.capacity));
  if (job.sink.data == nullptr) return absl::ResourceExhaustedError("no memory for a JPEG");
  std::unique_ptr<uint8_t[]> lines;
  if (IsRaw(source)) {
    lines.reset(new (std::nothrow) uint8_t[PaddedWidth(source) * DCTSIZE]);
    if (lines == nullptr) {
      std::free(job.sink.data);
      return absl::ResourceExhaustedError("no memory for a JPEG");
    }
    job.lines = lines.get();
  }
  job.sink.manager.next_output_byte = job.sink.data;
  job.sink.manager.free_in_buffer = job.sink.capacity;
  job.sink.manager.init_destination = InitSink;
  job.sink.manager.empty_output_buffer = GrowSink;
  job.sink.manager.term_destination = FinishSink;

  if (!Run(&job, source, static_cast<int>(quality), gray, tables)) {
    std::free(job.sink.data);
    if (job.rows_ended) return absl::CancelledError("no more rows to encode");
    const std::string message = absl::StrCat("libjpeg: ", job.errors.message);
    if (job.errors.manager.msg_code == JERR_OUT_OF_MEMORY) {
      return absl::ResourceExhaustedError(message);
    }
    return absl::InternalError(message);
  }
  absl::StatusOr<std::string> payload;
  try {
    // Between SOI and EOI.
    payload.emplace(reinterpret_cast<const char*>(job.sink.data) + 2, job.sink.size - 4);
  } catch (const std::bad_alloc&) {
    payload = absl::ResourceExhaustedError("no memory for a JPEG");
  }
  std::free(job.sink.data);
  return payload;
}

absl::StatusOr<std::string> EncodeJpegPayload(PixelRows& rows, uint32_t quality, bool gray,
                                              const HuffmanTables* tables) {
  if (absl::Status status = rows.Rewind(); !status.ok()) return status;
  const RowSource source{
      rows.width(), rows.height(), rows.components(),
      [](void* state, uint32_t) { return static_cast<PixelRows*>(state)->Next(); }, &rows};
  absl::StatusOr<std::string> payload = EncodeJpegPayload(source, quality, gray, tables);
  if (absl::IsCancelled(payload.status())) return WhyRowsEnded(rows);
  return payload;
}

}  // namespace cbzfs
