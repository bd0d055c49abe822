"""Mappings of formats that need none from the merchant; `--map` puts another in their place."""

from freshet.imports.mapping_file import FieldMapping, parse_mapping
from freshet.imports.readers.rows import Source
from schemas.errors import SettingsError

GOOGLE = """
unmapped = "drop"
clean = true

[fields]
sku = "id"
title = { from = "title", html = true, chars_max = 1000 }
description = { from = ["description", "summary", "content"], html = true }
brand = "brand"
category = { from = ["product_type", "google_product_category"], split = ">", items_max = 10 }
price = { from = ["sale_price", "price"] }
availability = "availability"
image_urls = { from = ["image_link", "additional_image_link"], list = true, items_max = 20 }
url = "link"

[attributes]
item_group_id = "item_group_id"
list_price = "price"
gtin = "gtin"
mpn = "mpn"
condition = "condition"
color = "color"
size = "size"
gender = "gender"
age_group = "age_group"
material = "material"
pattern = "pattern"
product_highlight = { from = "product_highlight", list = true, items_max = 100 }
custom_label_0 = "custom_label_0"
custom_label_1 = "custom_label_1"
custom_label_2 = "custom_label_2"
custom_label_3 = "custom_label_3"
custom_label_4 = "custom_label_4"

[[flatten]]
from = "details"
clash_suffix = "_detail"
"""

SHOPIFY = """
unmapped = "drop"
clean = true
only = { Status = "(?i)(active)?", Published = "(?i)(true|yes)?" }   # drafts and what is archived are not for sale

[fields]
sku = "sku"
title = { from = "name", chars_max = 1000 }
description = { from = "Body (HTML)", html = true }
brand = "Vendor"
category = { from = ["Product Category", "Type"], split = ">", items_max = 10 }
price = { from = "Variant Price", number = "." }
stock = "stock"
availability = "availability"
image_urls = { from = "images", items_max = 20 }

[attributes]
product = "Handle"
type = "Type"
tags = { from = "Tags", split = ",", items_max = 100 }
barcode = "Variant Barcode"
compare_at_price = { from = "Variant Compare At Price", number = "." }

[[flatten]]
from = "options"
clash_suffix = "_option"
"""

OURS = """
[fields]
sku = "sku"
title = "title"
description = "description"
brand = "brand"
category = { from = "category", json = true, split = " > " }
price = { from = "price", number = "." }
stock = "stock"
availability = "availability"
image_urls = { from = "image_urls", json = true, split = " | " }
url = "url"
locale = "locale"
version = "version"
type = { from = "type", default = "upsert" }

[[flatten]]
from = "attributes"
json = true
"""
"""Tables with the event's own field names, as `freshet export` writes them."""


def builtin_mapping(source: Source) -> FieldMapping | None:
    """None: the lines are events already. Raises SettingsError when the file needs a mapping."""
    if source.format == "jsonl":
        return None
    if source.format in ("google", "shopify"):
        return parse_mapping(GOOGLE if source.format == "google" else SHOPIFY)
    if source.header is not None and not {"sku", "title"} <= {name.strip() for name in source.header}:
        raise SettingsError(
            f"{source.path} needs a mapping: its columns are {', '.join(source.header[:20])}",
            hint=f"freshet import --guess {source.path} > mapping.toml proposes one; then --map mapping.toml",
        )
    return parse_mapping(OURS)
