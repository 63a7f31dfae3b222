"""One file a subject; a route asks store or office and says the answer. No route holds a query or a rule."""
