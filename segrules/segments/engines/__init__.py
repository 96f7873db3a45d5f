"""Tables where they are: databases, folders and clusters, as sources, engines and destinations."""
