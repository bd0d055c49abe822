// The key of this tab: given by hand below the products, and forgotten by hand.

import {hasKey, keyForm, keyGiven, useKey} from "./api.js";
import {at} from "./elements.js";

const button = at("use-key"), place = button.closest("footer");

function toggle() {
  if (hasKey()) return useKey(null);
  if (!place.querySelector(".key")) place.append(keyForm("A key that may see less shows less; one that may search opens a shop that is closed.", () => {}, "Key"));
  place.querySelector(".key input").focus();
}

function show() {
  place.querySelector(".key")?.remove();
  button.textContent = hasKey() ? "A key is used in this tab: forget it" : "Use a key";
}

export function start() {
  button.addEventListener("click", toggle);
  keyGiven.addEventListener("key", show);
  show();
}
