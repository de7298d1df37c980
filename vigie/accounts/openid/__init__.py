"""OpenID Connect sign-in (ACC-2): Pro Santé Connect and other providers, configured by a file, checked without indulgence."""
