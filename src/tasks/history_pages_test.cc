// Histories that are read page by page, on every store.
#include "store_contract.h"

namespace tasks {
namespace {

/// A history read page by page, in the middle of which something happens: indexes of `latest`
/// series with their names, those of all others counted.
class PagedHistoryTest : public StoreContract {
 protected:
  /// 1 early, 2 to 701 plain, 702 p, 703 q; 704 plain.
  void SetUp() override {
    StoreContract::SetUp();
    running("t");
    latest("early");
    std::vector<NewEvent> many;
    for (int i = 0; i < 700; ++i) many.push_back(event(std::to_string(i)));
    publish("t", std::move(many));
    latest("p");
    latest("q");
  }
  void latest(const std::string& name) { publish("t", event("1", name, SeriesMode::latest)); }

  std::string read_with(HistoryPages pages, const std::function<void()>& meanwhile) {
    const auto first = await(pages.next());
    EXPECT_FALSE(first->is_last);
    meanwhile();
    auto events = first->events;
    const auto rest = read(pages);
    EXPECT_TRUE(rest);
    if (rest) events.insert(events.end(), rest->begin(), rest->end());
    std::string text;
    int plain = 0;
    for (const Event& each : events) {
      if (!each.series_id) {
        ++plain;
        continue;
      }
      if (plain > 0) text += std::to_string(plain) + " ";
      plain = 0;
      text += *each.series_id + std::to_string(each.index) + " ";
    }
    return text + (plain > 0 ? std::to_string(plain) + " " : "");
  }
  std::string read_with(const std::function<void()>& meanwhile) {
    return read_with(engine_->history("t", {}), meanwhile);
  }
};

TEST_P(PagedHistoryTest, IsWhatItWasAtTheFirstPage) {
  publish("t", event("end"));
  EXPECT_EQ(read_with([] {}), "1 early1 700 p702 q703 1 ");
  EXPECT_EQ(read_with([this] { publish("t", event("later")); }), "1 early1 700 p702 q703 1 ");
}

TEST_P(PagedHistoryTest, TellsWhatHasReplacedAnEventBeforeTheLastOfTheOthers) {
  publish("t", event("end"));  // 704
  const auto replace = [this] {
    for (const char* name : {"p", "early", "p"}) latest(name);  // 705 to 707
    publish("t", event("later"));
  };
  EXPECT_EQ(read_with(replace), "1 early1 700 q703 p707 1 ");
}

TEST_P(PagedHistoryTest, TellsAllThatThereWasEvenIfAllBehindTheFirstPageIsReplaced) {
  const auto replace = [this] {
    for (const char* name : {"q", "p"}) latest(name);  // 704, 705
  };
  EXPECT_EQ(read_with(replace), "1 early1 699 p705 q704 1 ");
}

TEST_P(PagedHistoryTest, TellsASeriesThatBeganMeanwhile) {
  EXPECT_EQ(read_with([this] { latest("new"); }), "1 early1 700 p702 new704 q703 ");
}

TEST_P(PagedHistoryTest, TellsNoSeriesTwiceHoweverManyAreReplaced) {
  std::vector<NewEvent> many;
  for (int i = 0; i < 2500; ++i)
    many.push_back(event("1", "s" + std::to_string(i), SeriesMode::latest));
  const std::vector<NewEvent> again(many.begin(), many.end());
  publish("t", std::move(many));
  HistoryPages pages = engine_->history("t", {});
  std::map<std::string, std::int64_t> told;
  std::int64_t last = -1;
  for (bool is_last = false; !is_last;) {
    const auto page = await(pages.next());
    ASSERT_TRUE(page) << page.error().what;
    EXPECT_LE(page->events.size(), static_cast<std::size_t>(HistoryPages::kPageEvents) + 1);
    for (const Event& each : page->events) {
      last = each.index;
      const bool is_new = !each.series_id || told.try_emplace(*each.series_id, each.index).second;
      EXPECT_TRUE(is_new) << *each.series_id;
    }
    is_last = page->is_last;
    if (told.size() < 1500) publish("t", again);
  }
  EXPECT_EQ(told.size(), 2503u);
  EXPECT_LE(last, 3203);
}

TEST_P(PagedHistoryTest, EndsAtTheLimitAlsoAmongWhatWasReplaced) {
  HistoryQuery query;
  const auto replace = [this] {
    for (const char* name : {"p", "q"}) latest(name);
  };
  query.limit = 600;
  EXPECT_EQ(read_with(engine_->history("t", query), replace), "1 early1 598 ");
  query.limit = 703;  // the two are at 704 and 705 now
  EXPECT_EQ(read_with(engine_->history("t", query), replace), "1 early1 699 p706 1 ");
}

TEST_P(PagedHistoryTest, LeavesOutWhatWasReplacedForThoseWhoHearOfItAnyway) {
  const HistoryPages pages(store(), "t", {}, HistoryPages::Replaced::left_out);
  EXPECT_EQ(read_with(pages, [this] { latest("p"); }), "1 early1 700 q703 ");
}

TEST_P(PagedHistoryTest, CountsAllThatAnEventHas) {
  for (int i = 0; i < 4; ++i) {
    NewEvent large = event("1", std::string(150'000, static_cast<char>('a' + i)));
    large.series_mode = i < 2 ? SeriesMode::keep_all : SeriesMode::latest;
    publish("t", std::move(large));
  }
  HistoryQuery query = since_index(703);
  query.max_bytes = HistoryPages::kPageBytes;
  EXPECT_EQ(indexes("t", query), "704 705");
  LatestQuery latest;
  latest.behind = 703;
  latest.max_bytes = 100'000;
  const auto page = await(store().latest("t", latest));
  ASSERT_TRUE(page) << page.error().what;
  EXPECT_EQ(page->events.size(), 1u);
  EXPECT_FALSE(page->is_last);
}

INSTANTIATE_TEST_SUITE_P(Stores, PagedHistoryTest, all_stores(), name_of);

}  // namespace
}  // namespace tasks
