#include "monitor/session_query.h"

#include "ledger_fixture.h"

namespace monitor {
namespace {

class SessionQueryTest : public LedgerTest {
 protected:
  SessionQueryTest() {
    Event old = event("old");
    old.tool_name = "Needle";
    Event expensive = event("expensive");
    expensive.cost_usd = 9;
    expensive.project = "p";
    append({old, expensive, expensive, event("newest")});
  }

  /// The ids, with commas between.
  std::string ids(const std::vector<SessionHandle>& sessions) {
    std::string all;
    for (const SessionHandle session : sessions)
      all += (all.empty() ? "" : ",") +
             text("SELECT id FROM sessions WHERE rowid = " + std::to_string(session));
    return all;
  }
  SessionMatches search(const std::string& text, std::int64_t limit, std::int64_t max_events) {
    store::Database db = reader();
    return *search_sessions(db, text, {}, limit, max_events);
  }
};

TEST_F(SessionQueryTest, OrdersByWhatIsAskedFor) {
  store::Database db = reader();
  const auto first = [&](SessionOrder order) { return ids(*find_sessions(db, {}, 1, order)); };
  EXPECT_EQ(first(SessionOrder::cost), "expensive");
  EXPECT_EQ(first(SessionOrder::events), "expensive");
  EXPECT_EQ(first(SessionOrder::recent), "newest");
}

TEST_F(SessionQueryTest, FiltersByProject) {
  store::Database db = reader();
  SessionFilter filter;
  filter.project = "p";
  EXPECT_EQ(ids(*find_sessions(db, filter, 10)), "expensive");
  EXPECT_EQ(ids(*find_sessions(db, filter, 10, SessionOrder::cost)), "expensive");
}

TEST_F(SessionQueryTest, ASearchLooksAtTheNewestEventsOnlyAndSaysSo) {
  const SessionMatches all = search("needle", 10, 4);
  EXPECT_EQ(ids(all.sessions), "old");
  EXPECT_TRUE(all.is_complete);
  const SessionMatches bounded = search("needle", 10, 3);
  EXPECT_EQ(ids(bounded.sessions), "");
  EXPECT_FALSE(bounded.is_complete);
}

TEST_F(SessionQueryTest, AWildcardIsALetterLikeAnyOther) {
  EXPECT_EQ(ids(search("Need%", 10, 100).sessions), "");
  EXPECT_EQ(ids(search("N_edle", 10, 100).sessions), "");
  EXPECT_EQ(ids(search("\\", 10, 100).sessions), "");
}

}  // namespace
}  // namespace monitor
