"""What the settings are read from: addresses of servers, places for data, and the form of logs."""
