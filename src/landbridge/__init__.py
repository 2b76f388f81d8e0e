"""landbridge: one class declares what crosses, and both ends are made from it."""
