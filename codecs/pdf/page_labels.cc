// What the pages of a book are called in it: "iv", "12", "A-3" (ISO 32000-1, 12.4.2).

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "codecs/pdf/document_info.h"

namespace cbzfs {
namespace {

constexpr size_t kMostRanges = 4096;
constexpr int kMostLevels = 16;  // of the number tree
constexpr std::string_view kStyles = "DRrAa";

// The pages from one index on.
struct Range {
  std::string prefix;
  char style = 0;  // 'D', 'R', 'r', 'A', 'a'; 0: no number at all
  int64_t start = 1;
};
using Ranges = std::map<int64_t, Range>;

std::string Roman(int64_t number) {
  constexpr struct {
    int value;
    std::string_view digits;
  } kDigits[] = {{1000, "m"}, {900, "cm"}, {500, "d"}, {400, "cd"}, {100, "c"},
                 {90, "xc"},  {50, "l"},   {40, "xl"}, {10, "x"},   {9, "ix"},
                 {5, "v"},    {4, "iv"},   {1, "i"}};
  std::string roman;
  for (const auto& digit : kDigits) {
    for (; number >= digit.value; number -= digit.value) roman += digit.digits;
  }
  return roman;
}

// a to z, aa to zz, aaa to zzz.
std::string Letters(int64_t number) {
  const auto letter = static_cast<char>('a' + (number - 1) % 26);
  return std::string(static_cast<size_t>((number - 1) / 26 + 1), letter);
}

std::string Numeral(char style, int64_t number) {
  constexpr int64_t kMostRoman = 3999;
  constexpr int64_t kMostLetters = int64_t{26} * 8;
  const char lower = absl::ascii_tolower(static_cast<unsigned char>(style));
  std::string text;
  if (style == 0) return text;
  if (lower == 'r' && number >= 1 && number <= kMostRoman) {
    text = Roman(number);
  } else if (lower == 'a' && number >= 1 && number <= kMostLetters) {
    text = Letters(number);
  } else {
    return absl::StrCat(number);
  }
  if (style != lower) absl::AsciiStrToUpper(&text);
  return text;
}

void ReadRange(fz_context* ctx, pdf_obj* label, Range* range) {
  const std::string_view style = pdf_to_name(ctx, pdf_dict_get(ctx, label, PDF_NAME(S)));
  range->style = style.size() == 1 && kStyles.find(style[0]) != kStyles.npos ? style[0] : '\0';
  const int64_t start = pdf_to_int64(ctx, pdf_dict_gets(ctx, label, "St"));
  range->start = start > 0 ? start : 1;
  range->prefix = pdf_dict_get_text_string(ctx, label, PDF_NAME(P));
}

// `ranges` belongs to the caller of Try(), and nothing here has a destructor.
void ReadRanges(fz_context* ctx, pdf_obj* node, int levels, Ranges* ranges) {
  pdf_obj* numbers = pdf_dict_get(ctx, node, PDF_NAME(Nums));
  const int count = pdf_array_len(ctx, numbers);
  for (int i = 0; i + 1 < count && ranges->size() < kMostRanges; i += 2) {
    const int64_t first = pdf_to_int64(ctx, pdf_array_get(ctx, numbers, i));
    ReadRange(ctx, pdf_array_get(ctx, numbers, i + 1), &(*ranges)[first]);
  }
  pdf_obj* kids = pdf_dict_get(ctx, node, PDF_NAME(Kids));
  const int kid_count = levels > 0 ? pdf_array_len(ctx, kids) : 0;
  for (int i = 0; i < kid_count && ranges->size() < kMostRanges; ++i) {
    ReadRanges(ctx, pdf_array_get(ctx, kids, i), levels - 1, ranges);
  }
}

}  // namespace

absl::Status FindLabels(Pdf::Impl* pdf, std::vector<std::string>* labels) {
  Ranges ranges;
  absl::Status status = Try(pdf->ctx, absl::StatusCode::kDataLoss, [&] {
    pdf_obj* tree = pdf_dict_getp(pdf->ctx, pdf_trailer(pdf->ctx, pdf->doc), "Root/PageLabels");
    ReadRanges(pdf->ctx, tree, kMostLevels, &ranges);
  });
  if (absl::IsResourceExhausted(status)) return status;
  auto next = ranges.begin();
  const Range* range = nullptr;
  int64_t first = 0;
  for (int64_t page = 0; page < static_cast<int64_t>(labels->size()); ++page) {
    for (; next != ranges.end() && next->first <= page; ++next) {
      first = next->first;
      range = &next->second;
    }
    if (range == nullptr || range->start > INT32_MAX) continue;
    std::string label =
        absl::StrCat(range->prefix, Numeral(range->style, range->start + (page - first)));
    if (label != absl::StrCat(page + 1)) (*labels)[static_cast<size_t>(page)] = std::move(label);
  }
  return absl::OkStatus();
}

}  // namespace cbzfs
