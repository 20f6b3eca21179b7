// The front tables' state in the address: a link shows the same tables, and the back button goes
// back to them. The report's script, which runs first, sorts and finds.
(() => {
  "use strict";
  const fronts = [...document.querySelectorAll("[data-front]")].map((front) => {
    const tabs = [...front.querySelectorAll(".front-tools [data-tab]")];
    const find = front.querySelector(".find");
    const sort = front.querySelector(".sort");
    return { front, tabs, find, sort, first: sort.value };
  });

  function read({ tabs, find, sort }) {
    const tab = tabs.findIndex((one) => one.getAttribute("aria-pressed") === "true");
    return { tab: String(Math.max(tab, 0)), sort: sort.value, find: find.value };
  }

  function address() {
    const said = new URLSearchParams();
    fronts.forEach((one, index) => {
      const now = read(one);
      const usual = { tab: "0", sort: one.first, find: "" };
      for (const name of ["tab", "sort", "find"]) {
        // Of the first table, which most people see alone, the names have no number.
        if (now[name] !== usual[name]) said.set(index ? `${name}${index + 1}` : name, now[name]);
      }
    });
    return `${location.pathname}${location.search}${String(said) ? `#${said}` : ""}`;
  }

  function remember(isTyping) {
    const next = address();
    if (next === `${location.pathname}${location.search}${location.hash}`) return;
    // A letter typed is no step that one goes back by.
    history[isTyping ? "replaceState" : "pushState"](null, "", next);
  }

  function show() {
    const said = new URLSearchParams(location.hash.slice(1));
    fronts.forEach((one, index) => {
      const told = (name) => said.get(index ? `${name}${index + 1}` : name);
      const now = read(one);
      const [tab, sort, find] = [told("tab") ?? "0", told("sort") ?? one.first, told("find") ?? ""];
      if (tab !== now.tab) one.tabs[Number(tab)]?.click();
      if (sort !== now.sort && [...one.sort.options].some((option) => option.value === sort)) {
        one.sort.value = sort;
        one.sort.dispatchEvent(new Event("change"));
      }
      if (find !== now.find) {
        one.find.value = find;
        one.find.dispatchEvent(new Event("input"));
      }
    });
  }

  // What the address says is not written to it again.
  let isShowing = false;
  const showQuietly = () => {
    isShowing = true;
    show();
    isShowing = false;
  };
  for (const { front } of fronts) {
    front.addEventListener("click", () => isShowing || remember(false));
    front.addEventListener("change", () => isShowing || remember(false));
    front.addEventListener("input", (event) => isShowing || !event.target.matches(".find") || remember(true));
  }
  addEventListener("popstate", showQuietly);
  showQuietly();
})();
