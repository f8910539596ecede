// Opened from a disk, a page may not read other files: search results come without their extracts.
if (location.protocol === "file:") DOCUMENTATION_OPTIONS.SHOW_SEARCH_SUMMARY = false;

// Sphinx marks up two things as lists that a screen reader cannot read as such: long signatures (meanings
// without words) and the bibliography (links between its entries). They become plain text.
addEventListener("DOMContentLoaded", () => {
  for (const part of document.querySelectorAll("dt.sig > dl, dt.sig > dl > dd")) part.setAttribute("role", "none");
  for (const part of document.querySelectorAll(".citation-list, .citation-list > *")) part.removeAttribute("role");
});
