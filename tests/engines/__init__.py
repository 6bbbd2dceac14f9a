"""The real engines that the tests start: never a fake of them."""
