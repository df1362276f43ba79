"""Files that networks live in. Every file is hostile until it is parsed: sizes are bounded and nothing is executed."""
