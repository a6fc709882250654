// What a service manager is told: that the mount can be used, that it ends, why there is none.
//
// It asks for this with a socket in $NOTIFY_SOCKET, as systemd does for units of Type=notify; where
// nobody asks, nothing is sent. systemd listens to the process it started, so such a unit runs
// cbzfs in the foreground. The protocol is sd_notify(3)'s, one datagram a message. It is spoken
// without libsystemd: loading that, with the five libraries it needs, took 5 ms of the 25 ms in
// which this program starts.
//
// Any thread. Nothing here fails: a mount does not depend on who is told of it.

#ifndef CBZFS_FS_SERVICE_NOTIFY_H_
#define CBZFS_FS_SERVICE_NOTIFY_H_

#include <string>

namespace cbzfs {

// `status` is the line that `systemctl status` shows.
void TellServiceReady(const std::string& status);
void TellServiceStopping(const std::string& status);

// The start has failed; the process is about to end with another code than kExitOk.
void TellServiceFailed(const std::string& message);

}  // namespace cbzfs

#endif  // CBZFS_FS_SERVICE_NOTIFY_H_
