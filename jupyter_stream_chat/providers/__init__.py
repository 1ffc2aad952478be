"""Model providers: profiles, one adapter per provider, and what a provider's refusal means."""
