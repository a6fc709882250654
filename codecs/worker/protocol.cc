#include "codecs/worker/protocol.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "codecs/document/utf8.h"

namespace cbzfs {
namespace {

struct CodePair {
  absl::StatusCode status;
  proto::Code code;
};

constexpr CodePair kCodes[] = {
    {absl::StatusCode::kInvalidArgument, proto::INVALID_ARGUMENT},
    {absl::StatusCode::kPermissionDenied, proto::PERMISSION_DENIED},
    {absl::StatusCode::kNotFound, proto::NOT_FOUND},
    {absl::StatusCode::kDataLoss, proto::DATA_LOSS},
    {absl::StatusCode::kResourceExhausted, proto::RESOURCE_EXHAUSTED},
    {absl::StatusCode::kInternal, proto::INTERNAL},
    {absl::StatusCode::kUnimplemented, proto::UNIMPLEMENTED},
    {absl::StatusCode::kOutOfRange, proto::OUT_OF_RANGE},
    {absl::StatusCode::kUnavailable, proto::UNAVAILABLE},
};

// C0, DEL, C1, and the marks that make a terminal show text in another order than it is written.
bool IsPrintable(uint32_t code) {
  if (code < 0x20 || (code >= 0x7F && code < 0xA0)) return false;
  if (code == 0x2028 || code == 0x2029) return false;
  return !(code >= 0x202A && code <= 0x202E) && !(code >= 0x2066 && code <= 0x2069);
}

proto::EnhanceOptions EnhanceToProto(const EnhanceOptions& options) {
  proto::EnhanceOptions out;
  out.set_on(options.on);
  out.set_curve(options.curve);
  out.set_gamma(options.gamma);
  out.set_brightness(options.brightness);
  out.set_contrast(options.contrast);
  out.set_cutoff(options.cutoff);
  return out;
}

EnhanceOptions EnhanceFromProto(const proto::EnhanceOptions& options) {
  return {.on = options.on(),
          .curve = options.curve(),
          .gamma = options.gamma(),
          .brightness = options.brightness(),
          .contrast = options.contrast(),
          .cutoff = options.cutoff()};
}

}  // namespace

proto::Hello MakeHello() {
  proto::Hello hello;
  hello.set_version(kProtocolVersion);
  hello.set_engine(kEngineVersion);
  return hello;
}

absl::Status CheckHello(const proto::Hello& hello) {
  if (hello.version() == kProtocolVersion && hello.engine() == kEngineVersion) {
    return absl::OkStatus();
  }
  return absl::FailedPreconditionError(absl::StrCat(
      "the worker program is of another version: it has protocol ", hello.version(), ", engine ",
      hello.engine(), "; expected protocol ", kProtocolVersion, ", engine ", kEngineVersion));
}

absl::StatusOr<SandboxState> CheckSandbox(const proto::Hello& hello, bool strict) {
  if (!strict) return SandboxState();
  const proto::Hello::Sandbox& told = hello.sandbox();
  if (hello.has_sandbox() && told.failure().empty()) {
    return SandboxState{.strict = true,
                        .seccomp = told.seccomp(),
                        .landlock_abi = told.landlock_abi(),
                        .uid = told.uid()};
  }
  const std::string reason =
      hello.has_sandbox() ? PrintableLine(told.failure()) : "the worker program has none";
  return absl::FailedPreconditionError(absl::StrCat(
      "the workers' sandbox cannot be closed (", reason,
      "); -o sandbox=off works without, at the price that a hostile file which takes a "
      "worker over can do whatever the one who mounts can"));
}

proto::PageRow ToProto(const Page& page) {
  proto::PageRow row;
  row.set_kind(static_cast<uint32_t>(page.kind));
  row.set_width(page.width);
  row.set_height(page.height);
  row.set_dpi(page.dpi);
  row.set_gray(page.gray);
  row.set_source_offset(page.source_offset);
  row.set_source_bytes(page.source_bytes);
  row.set_insert(page.insert);
  row.set_insert_at(page.insert_at);
  row.set_payload_bytes(page.payload_bytes);
  row.set_enhanced_bytes(page.enhanced_bytes);
  row.set_lone_image(page.lone_image);
  row.set_decode_bytes(page.decode_bytes);
  return row;
}

Page FromProto(const proto::PageRow& row) {
  return {.kind = static_cast<PageKind>(row.kind()),
          .width = row.width(),
          .height = row.height(),
          .dpi = row.dpi(),
          .gray = row.gray(),
          .source_offset = row.source_offset(),
          .source_bytes = row.source_bytes(),
          .insert = row.insert(),
          .insert_at = row.insert_at(),
          .payload_bytes = row.payload_bytes(),
          .enhanced_bytes = row.enhanced_bytes(),
          .lone_image = row.lone_image(),
          .decode_bytes = row.decode_bytes()};
}

proto::AnalyseOptions ToProto(const AnalyseOptions& options) {
  proto::AnalyseOptions out;
  out.set_dpi(options.dpi);
  out.set_quality(options.quality);
  out.set_original(options.original);
  out.set_box(static_cast<uint32_t>(options.box));
  out.set_max_pages(options.max_pages);
  out.set_enhanced(options.enhanced);
  *out.mutable_enhance() = EnhanceToProto(options.enhance);
  return out;
}

AnalyseOptions FromProto(const proto::AnalyseOptions& options) {
  return {.dpi = options.dpi(),
          .quality = options.quality(),
          .original = options.original(),
          .box = static_cast<AnalyseOptions::Box>(options.box()),
          .max_pages = options.max_pages(),
          .enhanced = options.enhanced(),
          .enhance = EnhanceFromProto(options.enhance())};
}

proto::ReaderProfile ToProto(const ReaderProfile& profile) {
  proto::ReaderProfile out;
  out.set_width(profile.width);
  out.set_height(profile.height);
  out.set_fit(static_cast<uint32_t>(profile.fit));
  out.set_enlarge(profile.enlarge);
  out.set_gray(profile.gray);
  out.set_levels(profile.levels);
  out.set_crop(profile.crop);
  out.set_split(static_cast<uint32_t>(profile.split));
  out.set_quality(profile.quality);
  *out.mutable_enhance() = EnhanceToProto(profile.enhance);
  out.set_format(static_cast<uint32_t>(profile.format));
  return out;
}

ReaderProfile FromProto(const proto::ReaderProfile& profile) {
  const uint32_t levels = profile.levels();
  return {.width = profile.width(),
          .height = profile.height(),
          .fit = static_cast<ReaderProfile::Fit>(profile.fit()),
          .enlarge = profile.enlarge(),
          .gray = profile.gray(),
          .levels = levels == 0 ? 0 : std::clamp(levels, 2u, kMostReaderLevels),
          .crop = profile.crop(),
          .split = static_cast<ReaderProfile::Split>(profile.split()),
          .format = profile.format() == static_cast<uint32_t>(PageFormat::kWebp)
                        ? PageFormat::kWebp
                        : PageFormat::kJpeg,
          .quality = std::clamp(profile.quality(), 1u, 100u),
          .enhance = EnhanceFromProto(profile.enhance())};
}

void SetFailure(const absl::Status& status, proto::Reply* reply) {
  reply->set_code(proto::INTERNAL);
  for (const CodePair& pair : kCodes) {
    if (pair.status == status.code()) reply->set_code(pair.code);
  }
  const absl::string_view message = status.message();
  reply->set_message(PrintableLine({message.data(), message.size()}));
}

absl::Status FailureOf(const proto::Reply& reply) {
  for (const CodePair& pair : kCodes) {
    if (pair.code == reply.code()) return {pair.status, PrintableLine(reply.message())};
  }
  return absl::DataLossError("the worker failed in a way that does not exist");
}

std::string PrintableLine(std::string_view text, size_t max_bytes) {
  std::string line;
  while (!text.empty()) {
    const Utf8Char next = DecodeUtf8(text);
    const bool keep = next.bytes > 0 && IsPrintable(next.code);
    const size_t taken = next.bytes > 0 ? next.bytes : 1;
    if (line.size() + (keep ? taken : 1) > max_bytes) break;
    if (keep) {
      line.append(text, 0, taken);
    } else {
      line.push_back('?');
    }
    text.remove_prefix(taken);
  }
  return line;
}

}  // namespace cbzfs
