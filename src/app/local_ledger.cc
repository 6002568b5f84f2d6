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

/// False also for a database that is not there.
Result<bool> has_newest_schema(const std::string& path) {
  std::error_code ignored;
  if (!std::filesystem::exists(path, ignored)) return false;
  TRY(store::Database db, store::Database::open(path, store::Access::read_only));
  return monitor::has_newest_schema(db);
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
  // Beside a Sightline server this only reads and writes rows. To change the schema under a program
  // that may be another one, the database must be nobody else's.
  std::optional<store::OwnerLock> lock;
  TRY(const bool has_schema, has_newest_schema(config.text("db")));
  if (!has_schema) {
    TRY(auto owned, store::OwnerLock::acquire(config.text("db")));
    lock.emplace(std::move(owned));
  }
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
