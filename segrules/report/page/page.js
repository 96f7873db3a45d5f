"use strict";
(() => {
  // drawn with an interpreter of expressions, as the page forbids making code from text
  const options = { actions: false, renderer: "svg", ast: true, tooltip: { theme: "light" } };
  for (const panel of document.querySelectorAll(".panel")) {
    const spec = JSON.parse(panel.querySelector("script").textContent);
    panel.classList.add("drawn");
    vegaEmbed(panel.querySelector(".live"), spec, options).catch((error) => {
      // the picture that stood there before is as good
      panel.classList.remove("drawn");
      console.error(error);
    });
  }
  const closed = () => document.querySelectorAll("details:not([open])");
  let opened = [];
  addEventListener("beforeprint", () => {
    // some browsers say it twice
    opened.push(...closed());
    for (const each of opened) each.open = true;
  });
  addEventListener("afterprint", () => {
    for (const each of opened) each.open = false;
    opened = [];
  });
})();
