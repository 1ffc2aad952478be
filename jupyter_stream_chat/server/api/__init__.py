"""What a user can do, for pages and for REST alike: authorisation, ownership, effects."""
