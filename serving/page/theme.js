// Sets the chosen colours before the first paint; without a choice the system's colours are taken.
const chosen = localStorage.getItem("freshet.theme");
if (chosen === "light" || chosen === "dark") document.documentElement.dataset.theme = chosen;
