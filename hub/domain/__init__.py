"""Values and rules of the lab; nothing here touches the outside."""
