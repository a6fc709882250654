// Whether memory ended while a request was served.
//
// Workers are held to the memory they were given, so allocations fail. Some decoders report that as
// a damaged image, and MuPDF draws on without what it could not load; but a page must have the
// same bytes always, and the end of memory strikes at another place each time. So it is looked for
// where it cannot be missed: this program has a malloc of its own, which is the C library's and
// takes note. An allocation that failed and succeeds when it is asked for again at once (MuPDF
// empties its store in between) does not count.
//
// Of the worker program alone, which has one thread. Under a sanitizer, which has its own malloc
// and no limits, nothing is noted.

#ifndef CBZFS_CODECS_WORKER_MALLOC_WATCH_H_
#define CBZFS_CODECS_WORKER_MALLOC_WATCH_H_

namespace cbzfs {

// Forgets what was noted.
void WatchMalloc();
// Since WatchMalloc() an allocation has failed for good.
bool MemoryEnded();

}  // namespace cbzfs

#endif  // CBZFS_CODECS_WORKER_MALLOC_WATCH_H_
