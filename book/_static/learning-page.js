// A training at several moments, <div data-live="chart learning-data learning-page">: one slider moves three pictures.
"use strict";
(() => {
  const { svg, range, short } = timeganChart;
  const { steps, close, cloud, losses } = timeganLearning;

  const CONTROLS = `
    <div class="live-row">
      <span><label>Joint steps <input type="range" min="0" max="${steps.length - 1}" value="0"></label><output></output></span>
    </div>
    <div class="live-charts"><div></div><div></div><div></div></div>
    <p aria-live="polite"></p>`;

  const asLine = (kind) => (values) => ({ kind, points: values.map((value, t) => [t, value]) });
  const asCurve = (name) => ({ kind: name, points: losses.step.map((step, k) => [step / 1000, losses[name][k]]) });
  const LOOKS = { discriminator: "blue", unsupervised: "dashed", moments: "gray" };
  const names = Object.keys(losses).filter((name) => name !== "step");
  const axis = (points, k) => points.map((point) => point[k]);
  const everywhere = [...cloud.real, ...cloud.made.flat()];
  const percent = (share) => `${Math.round(100 * share)} %`;

  function windows(k) {
    return svg({
      title: `Close (dollars): ${close.made[k].length} made, ${close.real.length} real`, xLabel: "day",
      x: [0, close.real[0].length - 1], y: range(close.real, close.made),
      says: `Closing prices of ${close.made[k].length} synthetic windows after ${short(steps[k])} joint steps, over real ones`,
      lines: [...close.real.map(asLine("real")), ...close.made[k].map(asLine("made"))],
    });
  }

  function plane(k) {
    return svg({
      title: `PCA: ${cloud.made[k].length} made, ${cloud.real.length} real`,
      xLabel: `axis 1 (${percent(cloud.share[0])} of the variance); upwards axis 2 (${percent(cloud.share[1])})`,
      x: range(axis(everywhere, 0)), y: range(axis(everywhere, 1)),
      says: `Each window a point of a plane, synthetic ones after ${short(steps[k])} joint steps beside real ones`,
      dots: [{ kind: "real", points: cloud.real }, { kind: "made", points: cloud.made[k] }],
    });
  }

  function curves(k) {
    return svg({
      title: "Losses", xLabel: "thousand joint steps", log: true, at: steps[k] / 1000,
      x: [0, steps.at(-1) / 1000], y: spread(names.flatMap((name) => losses[name])),
      says: `Losses of the whole training; the line stands at ${short(steps[k])} joint steps`,
      lines: names.map(asCurve),
    });
  }

  const spread = (values) => [0.9 * Math.min(...values), 1.1 * Math.max(...values)];

  function begin(place) {
    const box = document.createElement("div");
    box.className = "live-box";
    box.innerHTML = CONTROLS;
    const slider = box.querySelector("input"), panels = box.querySelectorAll(".live-charts > div");
    function draw() {
      const k = +slider.value, row = losses.step.findLastIndex((step) => step <= steps[k]);
      box.querySelector("output").value = short(steps[k]);
      slider.setAttribute("aria-valuetext", `${short(steps[k])} joint steps`);
      [windows, plane, curves].forEach((chart, n) => { panels[n].innerHTML = chart(k); });
      const said = names.map((name) => `${name} (${LOOKS[name]}) ${losses[name][row].toFixed(2)}`).join(", ");
      box.querySelector("p").textContent = `After ${short(steps[k])} joint steps: ${said}. The noise is always the same.`;
    }
    slider.addEventListener("input", draw);
    place.append(box);
    place.classList.add("live-on");
    draw();
  }

  for (const place of document.querySelectorAll('[data-live~="learning-page"]')) begin(place);
})();
