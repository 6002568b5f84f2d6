#pragma once

#include <cstdint>
#include <string>

/// What every server of this program does to its process.
namespace app {

/// Files are the owner's alone, a peer that has gone is an error and no signal, and large blocks of
/// memory go back to the system as soon as they are freed. Before the first thread.
void prepare_server_process();

/// As many descriptors as the system allows: a connection needs one.
void raise_descriptor_limit();

/// `127.0.0.1:3141`, `[::1]:3141`
std::string authority_of(const std::string& host, std::uint16_t port);

}  // namespace app
