"""Who may do what: logins, sessions, keys of programs, groups of routes, limits."""
