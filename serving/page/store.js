// The page at /shop: the storefront alone.

import {start} from "./storefront.js";

start();
