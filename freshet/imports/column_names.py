"""What people call the columns of a catalogue, by the field of an event that they hold, the likeliest name first."""

_NAMES = {
    "sku": """sku product_sku variant_sku item_number article_number stock_code product_code item_code part_number
        artikelnummer artnr referencia reference ref product_id item_id article_id class_id id handle gtin ean asin code
        key uid""",
    "title": """title product_title product_name item_name display_name name titel bezeichnung produktname artikelname
        nom titre nombre titulo label description short_description product""",
    "description": """description long_description body_html product_description beschreibung descripcion details body
        text summary short_description shortdescription""",
    "brand": "brand brand_name manufacturer vendor marke hersteller marque fabricant marca fabricante maker",
    "category": """category_path product_category categories category product_type google_product_category breadcrumb
        kategorie warengruppe categorie categoria department coarse_class type""",
    "price": """sale_price current_price price unit_price selling_price price_cents price_in_cents retail_price
        list_price amount preis verkaufspreis prix precio prezzo cost""",
    "currency": "currency currency_code price_currency waehrung währung devise moneda valuta",
    "stock": """stock stock_quantity inventory_quantity inventory qty_in_stock quantity_in_stock quantity qty bestand
        lagerbestand stock_level available_quantity on_hand""",
    "availability": "availability stock_status in_stock instock is_in_stock available verfuegbarkeit verfügbarkeit",
    "image_urls": """image_urls images image_url image_link image image_src img img_url picture picture_url photo
        thumbnail bild""",
    "url": "url product_url link canonical_url permalink deeplink page_url",
    "locale": "locale language lang sprache",
}
NAMES: dict[str, list[str]] = {target: names.split() for target, names in _NAMES.items()}
