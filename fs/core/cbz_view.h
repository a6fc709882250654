// The cbz view: every PDF reads as a CBZ.
//
// Immutable: any thread.

#ifndef CBZFS_FS_CORE_CBZ_VIEW_H_
#define CBZFS_FS_CORE_CBZ_VIEW_H_

#include <memory>

#include "fs/core/view.h"

namespace cbzfs {

std::unique_ptr<View> MakeCbzView();

}  // namespace cbzfs

#endif  // CBZFS_FS_CORE_CBZ_VIEW_H_
