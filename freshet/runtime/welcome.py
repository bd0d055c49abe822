"""The lines that `freshet up` ends its start with: what to try now."""


def own_shop_lines(command: str, data_option: str) -> list[str]:
    """`command` as one types it here; `data_option` with a space before it, or empty."""
    return [
        "try:",
        f"  {command} import products.jsonl{data_option}",
        f"  {command} search{data_option} 'usb cable'",
        f"  {command} demo{data_option}    # in a second terminal: 2,000 invented products, changes and clicks",
    ]
