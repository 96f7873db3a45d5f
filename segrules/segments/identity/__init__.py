"""Records of one customer brought together before the rules see them."""
