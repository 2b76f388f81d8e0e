"""Help for tests of what is made with landbridge."""
