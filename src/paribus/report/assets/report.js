"use strict";
// Draws each chart from the specification beside it. `ast` interprets expressions
// instead of compiling them, which the content security policy forbids.
for (const script of document.querySelectorAll("script[data-chart]")) {
  const place = document.getElementById(script.dataset.chart);
  vegaEmbed(place, JSON.parse(script.textContent), {
    mode: "vega-lite",
    renderer: "svg",
    ast: true,
    actions: { export: true, source: false, compiled: false, editor: false },
    defaultStyle: false,
    tooltip: { disableDefaultStyle: true },
    downloadFileName: script.closest("figure").id,
    i18n: { CLICK_TO_VIEW_ACTIONS: "Save this chart" },
  }).catch((error) => {
    place.textContent = "This chart could not be drawn; its numbers stand below.";
    console.error(error);
  });
}
// A link to folded runs opens them.
function unfold() {
  const place = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (place instanceof HTMLDetailsElement) place.open = true;
}
addEventListener("hashchange", unfold);
unfold();
