#include "codecs/pdf/page_tree.h"

#include "codecs/pdf/pdf_internal.h"

namespace cbzfs {
namespace {

// Balanced trees of real files are three or four levels deep.
constexpr size_t kMaxLevels = 64;

// MuPDF's reading of what an inner node is: by /Type, and where that is missing by its keys.
bool IsInnerNode(fz_context* ctx, pdf_obj* kid) {
  pdf_obj* type = pdf_dict_get(ctx, kid, PDF_NAME(Type));
  if (type != nullptr) return pdf_name_eq(ctx, type, PDF_NAME(Pages)) != 0;
  return pdf_dict_get(ctx, kid, PDF_NAME(Kids)) != nullptr &&
         pdf_dict_get(ctx, kid, PDF_NAME(MediaBox)) == nullptr;
}

}  // namespace

void PageTree::Reset(fz_context* ctx, pdf_document* doc, uint32_t limit) {
  Clear();
  ctx_ = ctx;
  doc_ = doc;
  limit_ = limit;
  repaired_ = Repaired();
  // A tree whose nodes share children can have more nodes than the file has bytes.
  visits_left_ = uint64_t{4} * limit + 1000;
  levels_.reserve(kMaxLevels);
  pages_.reserve(limit);
  // The vectors do not grow below, so a longjmp never leaves one half grown.
  (void)Try(ctx, absl::StatusCode::kInvalidArgument,
            [this] { Enter(pdf_dict_getp(ctx_, pdf_trailer(ctx_, doc_), "Root/Pages")); });
}

void PageTree::Clear() {
  for (const Level& level : levels_) pdf_drop_obj(ctx_, level.kids);
  for (pdf_obj* page : pages_) pdf_drop_obj(ctx_, page);
  levels_.clear();
  pages_.clear();
}

void PageTree::Enter(pdf_obj* node) {
  const int number = pdf_to_num(ctx_, node);
  if (levels_.size() == kMaxLevels) return;
  for (const Level& level : levels_) {
    if (number != 0 && level.node == number) return;
  }
  pdf_obj* kids = pdf_dict_get(ctx_, node, PDF_NAME(Kids));
  if (pdf_is_array(ctx_, kids)) {
    levels_.push_back({pdf_keep_obj(ctx_, kids), number, 0});
  }
}

// One node further; false at the end of the tree.
bool PageTree::Step() {
  if (levels_.empty() || pages_.size() == limit_ || visits_left_ == 0) return false;
  --visits_left_;
  Level& level = levels_.back();
  if (level.next >= pdf_array_len(ctx_, level.kids)) {
    pdf_drop_obj(ctx_, level.kids);
    levels_.pop_back();
    return true;
  }
  pdf_obj* kid = pdf_array_get(ctx_, level.kids, level.next++);
  if (!pdf_is_dict(ctx_, kid)) return true;
  if (IsInnerNode(ctx_, kid)) {
    Enter(kid);
  } else {
    pages_.push_back(pdf_keep_obj(ctx_, kid));
  }
  return true;
}

absl::StatusOr<pdf_obj*> PageTree::WalkTo(uint32_t index) {
  bool more = true;
  while (index >= pages_.size() && more) {
    // A kid that cannot be read is skipped: the step before it has already moved on.
    const absl::Status status = Try(ctx_, absl::StatusCode::kDataLoss, [&] {
      while (more && index >= pages_.size()) more = Step();
    });
    if (absl::IsResourceExhausted(status)) return status;
  }
  return index < pages_.size() ? pages_[index] : nullptr;
}

absl::StatusOr<pdf_obj*> PageTree::Find(uint32_t index) {
  absl::StatusOr<pdf_obj*> page = WalkTo(index);
  // A document is repaired once at most, in Reset() or in the first walk: three turns are enough.
  for (int turn = 0; turn < 2 && page.ok() && repaired_ != Repaired(); ++turn) {
    Reset(ctx_, doc_, limit_);
    page = WalkTo(index);
  }
  if (page.ok() && *page == nullptr) return absl::NotFoundError("no such page");
  return page;
}

}  // namespace cbzfs
