# lib/tui
