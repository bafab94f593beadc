"""Statistics on bare arrays: one question a file."""
