#include "fs/core/view.h"

#include <utility>

#include "fs/core/cbz_view.h"

namespace cbzfs {

std::vector<std::unique_ptr<View>> MakeAllViews() {
  std::vector<std::unique_ptr<View>> views;
  views.push_back(MakeCbzView());
  return views;
}

std::unique_ptr<View> MakeView(std::string_view name) {
  for (auto& view : MakeAllViews()) {
    if (view->name() == name) return std::move(view);
  }
  return nullptr;
}

}  // namespace cbzfs
