// The sampler on a page, <div data-live="... sampler-page" data-shows="google recipe">: it draws what sampler.js makes.
"use strict";
(() => {
  const { load, noise, window: make, randomFrom } = timeganSampler;
  const { svg, range, short, escaped } = timeganChart;
  const COUNT = 10, SEED = 1;
  const SPAN = { uniform: [0, 1], gaussian: [-3, 3], wiener: [-3, 3] }; // of the slider
  const STILL = 1e-6; // of a value: a smaller change is the last bit of a float

  const { names, units, models: titles } = timeganReal, real = load(timeganReal.windows);
  const realLines = (feature) => {
    const [count, steps, size] = real.shape;
    const value = (n, t) => real.data[(n * steps + t) * size + feature];
    return Array.from({ length: count }, (_, n) => Array.from({ length: steps }, (_, t) => value(n, t)));
  };
  const column = (rows, feature) => rows.map((row) => row[feature]);
  const asLine = (kind) => (values) => ({ kind, points: values.map((value, t) => [t, value]) });
  const from = (lines) => [Math.min(...lines.flat()), Math.max(...lines.flat())].map(rough).join(" to ");
  const rough = (value) => short(+value.toPrecision(3));
  const options = (texts) => texts.map((text, k) => `<option value="${k}">${escaped(text)}</option>`).join("");

  const CONTROLS = `
    <div class="live-row">
      <label>Model <select name="model"></select></label>
      <label>Show <select name="feature">${options(names)}</select></label>
      <button type="button" name="more">Make ten more</button>
    </div>
    <div class="live-charts"><div data-part="all"></div><div data-part="one"></div></div>
    <fieldset class="live-row"><legend>Change one number of the noise</legend>
      <span><label>Window <input type="range" name="chosen" min="1" max="${COUNT}"></label><output></output></span>
      <span><label>day <input type="range" name="day" min="0"></label><output></output></span>
      <label>number <select name="number"></select></label>
      <span><label>becomes <input type="range" name="value" step="0.01"></label><output></output></span>
    </fieldset>
    <p data-part="said" aria-live="polite"></p>
    <p data-part="about" class="live-about"></p>`;

  function begin(place) {
    const models = place.dataset.shows.split(" ").map((name) => ({ title: titles[name], ...load(timeganModels[name]) }));
    const random = randomFrom(SEED);
    const state = { model: models[0], chosen: 0, feature: names.indexOf("Close"), day: 5, number: 0 };
    let first, nudged, kept; // noise as it was drawn, the same with changes, windows of the former

    const box = document.createElement("div");
    box.className = "live-box";
    box.innerHTML = CONTROLS;
    place.append(box);
    place.classList.add("live-on");
    const part = (name) => box.querySelector(`[data-part="${name}"]`);
    const control = (name) => box.querySelector(`[name="${name}"]`);

    function take(model) {
      const size = model.noise.size, numbers = Array.from({ length: size }, (_, k) => `${k + 1} of ${size}`);
      Object.assign(state, { model, number: Math.min(state.feature, size - 1), day: Math.min(state.day, model.length - 1) });
      control("number").innerHTML = options(numbers);
      control("day").max = model.length - 1;
      [control("value").min, control("value").max] = SPAN[model.noise.kind];
      part("about").textContent = about(model);
      more();
    }

    function more() {
      first = Array.from({ length: COUNT }, () => noise(state.model, random));
      nudged = first.map((z) => z.map((row) => [...row]));
      kept = first.map((z) => make(state.model, z));
      draw();
    }

    function draw() {
      const { model, chosen, feature, day, number } = state, name = names[feature], unit = units[feature];
      const before = column(kept[chosen], feature), after = column(make(model, nudged[chosen]), feature);
      const others = realLines(feature);
      const made = kept.map((rows, n) => (n === chosen ? after : column(rows, feature)));
      const both = { x: [0, model.length - 1], xLabel: "day" };
      part("all").innerHTML = svg({
        ...both, title: `${name} (${unit}): ${COUNT} made, ${others.length} real`, y: range(others, made),
        says: `${name} of ${COUNT} synthetic windows, ${from(made)}, over ${others.length} real ones, ${from(others)}`,
        lines: [...others.map(asLine("real")), ...made.map(asLine("made")), asLine("chosen")(after)],
      });
      part("one").innerHTML = svg({
        ...both, title: `Window ${chosen + 1}, closer; dashed: before`, y: range(before, after), at: day,
        says: `${name} of window ${chosen + 1}, ${from([after])}; before the change ${from([before])}`,
        lines: [asLine("before")(before), asLine("chosen")(after)],
      });
      const was = first[chosen][day][number], is = nudged[chosen][day][number];
      const shown = { model: models.indexOf(model), feature, chosen: chosen + 1, day, number, value: is };
      for (const [name, value] of Object.entries(shown)) {
        control(name).value = value;
        const output = control(name).parentNode.nextElementSibling;
        if (output?.tagName === "OUTPUT") output.value = name === "value" ? value.toFixed(2) : value;
      }
      part("said").textContent = said(before, after, was, is);
    }

    function said(before, after, was, is) {
      const { feature, day, number } = state;
      const which = `Number ${number + 1} of day ${day}`;
      if (was === is) return `${which} is ${was.toFixed(2)}. Move the last slider: which days follow?`;
      const off = after.map((value, t) => Math.abs(value - before[t]));
      const moved = off.findIndex((value, t) => value > STILL * Math.abs(before[t]));
      const effect = moved < 0 ? "does not move"
        : `moves from day ${moved} on, by up to ${rough(Math.max(...off))} ${units[feature]}`;
      return `${which} was ${was.toFixed(2)} and is ${is.toFixed(2)}: ${names[feature]} ${effect}.`;
    }

    const on = (event, name, change) => control(name).addEventListener(event, () => {
      change(+control(name).value);
      draw();
    });
    control("more").addEventListener("click", more);
    control("model").addEventListener("change", () => take(models[control("model").value]));
    on("change", "feature", (value) => { state.feature = value; });
    on("change", "number", (value) => { state.number = value; });
    on("input", "chosen", (value) => { state.chosen = value - 1; });
    on("input", "day", (value) => { state.day = value; });
    on("input", "value", (value) => { nudged[state.chosen][state.day][state.number] = value; });

    control("model").innerHTML = options(models.map((model) => model.title));
    control("model").parentNode.hidden = models.length < 2;
    take(models[0]);
  }

  function about({ bits, generator, rounding }) {
    const own = generator === "autoregressive", size = (value) => +((own ? 1 : 100) * value).toPrecision(2);
    const unit = own ? "standard deviations of what is learned" : "% of the range";
    return `Computed in this page, without a network. A weight has ${bits} bits here. In 256 windows that moves half of ` +
      `the numbers by less than ${size(rounding.half)} ${unit}, and none by more than ${size(rounding.most)}.`;
  }

  for (const place of document.querySelectorAll('[data-live~="sampler-page"]')) begin(place);
})();
