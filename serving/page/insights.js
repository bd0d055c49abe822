// As the guides of search-insights show it: calls wait here until it is loaded.
window.AlgoliaAnalyticsObject = "aa";
window.aa = (...told) => (window.aa.queue = window.aa.queue || []).push(told);
