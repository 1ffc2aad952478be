"""The doctor: looks at a profile from its configuration to Stop, and says of each thing whether it works."""
