"""What all tests share."""

pytest_plugins = ["landbridge.testing.plugin"]
