// A WorkerPool whose answers the test gives: requests wait until they are answered or cancelled.
//
// The callbacks run on the thread that answers. Unlike the real pool it has no priorities of its
// own; it notes what it was asked for, and in which order.

#ifndef CBZFS_TESTS_FS_CORE_FAKE_WORKER_POOL_H_
#define CBZFS_TESTS_FS_CORE_FAKE_WORKER_POOL_H_

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "absl/synchronization/mutex.h"
#include "codecs/worker/worker_pool.h"

namespace cbzfs {

class FakeWorkerPool : public WorkerPool {
 public:
  using ProbeDone = absl::AnyInvocable<void(absl::StatusOr<ProbeResult>)>;
  using AnalyseDone = absl::AnyInvocable<void(absl::StatusOr<Document>)>;
  using DrawDone = absl::AnyInvocable<void(absl::StatusOr<Drawn>)>;

  struct Asked {
    std::string what;     // "probe", "analyse", "draw"
    DrawRequest request;  // of a drawing
    Priority priority = Priority::kBackground;
    std::variant<ProbeDone, AnalyseDone, DrawDone> done;
  };
  // What a drawing was to be made from, and how.
  struct Drawing {
    std::shared_ptr<const SourceFile> source;
    DrawRequest request;
    Priority priority = Priority::kBackground;
  };

  // Set: answered from inside the call, as a quick worker would a moment later.
  std::function<absl::StatusOr<ProbeResult>(const SourceFile&)> probe;
  std::function<absl::StatusOr<Document>(const SourceFile&)> analyse;
  // The same where the answer depends on the options; goes before `analyse`.
  std::function<absl::StatusOr<Document>(const SourceFile&, const AnalyseOptions&)> analyse_for;
  std::function<absl::StatusOr<Drawn>(const DrawRequest&)> draw;

  RequestId Probe(std::shared_ptr<const SourceFile> source, Priority priority,
                  ProbeDone done) override {
    ++probed;
    if (probe) return done(probe(*source)), 0;
    return Add({"probe", {}, priority, std::move(done)});
  }
  RequestId Analyse(std::shared_ptr<const SourceFile> source, const AnalyseRequest& request,
                    Priority priority, AnalyseDone done) override {
    ++analysed;
    const AnalyseOptions& options = request.options;
    analysed_enhanced += options.enhanced ? 1 : 0;
    if (analyse_for) return done(analyse_for(*source, options)), 0;
    if (analyse) return done(analyse(*source)), 0;
    return Add({"analyse", {}, priority, std::move(done)});
  }
  RequestId Draw(std::shared_ptr<const SourceFile> source, const DrawRequest& request,
                 Priority priority, DrawDone done) override {
    ++drawn;
    drawings.push_back({std::move(source), request, priority});
    if (draw) return done(draw(request)), 0;
    return Add({"draw", request, priority, std::move(done)});
  }
  void Raise(RequestId id, Priority priority) override {
    auto it = queue.find(id);
    if (it != queue.end()) it->second.priority = std::min(it->second.priority, priority);
  }
  void Cancel(RequestId id) override {
    ++cancelled;
    AnswerError(id, absl::CancelledError("nobody waits"));
  }
  WorkerPoolStats stats() const override {
    WorkerPoolStats stats;
    stats.alive = 1;
    stats.drawn = drawn;
    return stats;
  }
  std::vector<int> pids() const override { return {}; }
  void Stop() override {
    while (!queue.empty()) AnswerError(queue.begin()->first, absl::CancelledError("stopping"));
  }

  void AnswerDraw(RequestId id, absl::StatusOr<Drawn> drawing) {
    std::get<DrawDone>(Take(id).done)(std::move(drawing));
  }
  void AnswerProbe(RequestId id, absl::StatusOr<ProbeResult> result) {
    std::get<ProbeDone>(Take(id).done)(std::move(result));
  }
  void AnswerAnalyse(RequestId id, absl::StatusOr<Document> document) {
    std::get<AnalyseDone>(Take(id).done)(std::move(document));
  }
  void AnswerError(RequestId id, const absl::Status& status) {
    if (queue.find(id) == queue.end()) return;
    Asked asked = Take(id);
    std::visit([&](auto& done) { done(status); }, asked.done);
  }

  // The one request for `page`; 0 where there is none.
  RequestId FindDraw(uint32_t page, Finish finish = Finish::kPage) const {
    for (const auto& [id, asked] : queue) {
      if (asked.what == "draw" && asked.request.page == page && asked.request.finish == finish) {
        return id;
      }
    }
    return 0;
  }

  std::map<RequestId, Asked> queue;
  std::vector<Drawing> drawings;  // all there ever were
  int probed = 0;
  int analysed = 0;
  int analysed_enhanced = 0;  // of these, with the slots of enhanced pages
  int drawn = 0;
  int cancelled = 0;

 private:
  RequestId Add(Asked asked) {
    queue.emplace(++last_, std::move(asked));
    return last_;
  }
  Asked Take(RequestId id) {
    Asked asked = std::move(queue.at(id));
    queue.erase(id);
    return asked;
  }
  RequestId last_ = 0;
};

}  // namespace cbzfs

#endif  // CBZFS_TESTS_FS_CORE_FAKE_WORKER_POOL_H_
