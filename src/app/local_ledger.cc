#include "local_ledger.h"

#include <fmt/format.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "command.h"
#include "monitor/schema.h"
#include "store/owner_lock.h"

namespace app {

using base::Errc;
using base::Error;
using base::Result;

Result<monitor::Pricing> load_prices(const Config& config) {
  const std::string& path = config.text("prices");
  std::error_code ignored;
  const bool is_given = config.at("prices").origin != "default";
  if (!is_given && !std::filesystem::exists(path, ignored)) return monitor::Pricing::builtin();
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  if (!file) return Error{Errc::invalid_argument, "prices " + path + ": cannot be read"};
  auto own = monitor::Pricing::parse(text.str());
  if (!own) return std::move(own.error()).within("prices " + path);
  return monitor::Pricing::builtin().with(*own);
}

namespace {

constexpr std::chrono::seconds kOwnerPatience{5};
constexpr std::chrono::milliseconds kOwnerPause{20};

/// Beside a Sightline server a command only reads and writes rows. To change the schema of a
/// database that is there, it must be nobody else's: its owner may be another program. Nothing when
/// there is nothing to change. `conflict` when the owner neither goes nor changes it.
Result<std::optional<store::OwnerLock>> own_old_database(const std::string& path) {
  const auto deadline = std::chrono::steady_clock::now() + kOwnerPatience;
  for (;;) {
    std::error_code ignored;
    if (!std::filesystem::exists(path, ignored)) return std::optional<store::OwnerLock>();
    {
      TRY(store::Database db, store::Database::open(path, store::Access::read_only));
      TRY(const bool is_newest, monitor::has_newest_schema(db));
      if (is_newest) return std::optional<store::OwnerLock>();
    }
    auto lock = store::OwnerLock::acquire(path);
    if (lock) return std::optional(std::move(*lock));
    if (lock.error().code != Errc::conflict || std::chrono::steady_clock::now() > deadline)
      return lock.error();
    std::this_thread::sleep_for(kOwnerPause);
  }
}

}  // namespace

Result<store::Database> open_to_read(const Config& config) {
  const std::string& path = config.text("db");
  std::error_code ignored;
  if (!std::filesystem::exists(path, ignored))
    return Error{Errc::not_found, fmt::format("no database {0}; make one with: {1} serve, or {1} "
                                              "import",
                                              path, program_name())};
  {
    TRY(store::Database db, store::Database::open(path, store::Access::read_only));
    TRY(const bool is_ready, monitor::is_ready_to_read(db));
    if (is_ready) return db;
  }
  TRY_OK(LocalLedger::open(config));
  return store::Database::open(path, store::Access::read_only);
}

Result<std::unique_ptr<LocalLedger>> LocalLedger::open(const Config& config, Sync sync) {
  TRY(monitor::Pricing pricing, load_prices(config));
  std::unique_ptr<LocalLedger> local(new LocalLedger(config, std::move(pricing)));
  const bool syncs_each = sync == Sync::as_configured && config.text("durability") == "full";
  const monitor::Ledger::Options options{local->settings_, syncs_each};
  TRY(const auto lock, own_old_database(config.text("db")));
  TRY(local->ledger_,
      monitor::Ledger::open(config.text("db"), options, local->pricing_, local->branches_,
                            base::Clock::system(), local->metrics_));
  LocalLedger& l = *local;
  l.writer_ = std::thread([&l] { l.ledger_->run(); });
  l.worker_ = std::thread([&l] { l.pool_.work(0); });
  return local;
}

LocalLedger::LocalLedger(const Config& config, monitor::Pricing pricing)
    : settings_(config.monitor_settings()),
      pricing_(std::move(pricing)),
      readers_(config.text("db"), pool_, 1),
      branches_(settings_.projects_dir, pool_) {}

LocalLedger::~LocalLedger() {
  if (!writer_.joinable()) return;
  ledger_->stop();
  writer_.join();
  pool_.stop();
  worker_.join();
  readers_.close();
}

}  // namespace app
