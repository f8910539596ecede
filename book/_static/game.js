// The game "Real or made up?": it plays with GAME of game-data.js, which book/_scripts/game.py makes, and takes
// the place of the picture that stands on the page. ?seed=12&model=recipe in the address picks a round.

const ROUND = 12;
const TRUTH = { true: "made up", false: "real" };

// ---- which windows

// mulberry32: a number in [0, 1) a call, the same row of numbers for the same seed.
function numbers(seed) {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

// Twelve windows: a coin decides each time which side it comes from, and no window comes twice.
function drawRound(seed, model) {
  const next = numbers(seed);
  const pools = ["real", model].map((source) => GAME.windows.filter((one) => one.source === source));
  return Array.from({ length: ROUND }, () => {
    const pool = pools[next() < 0.5 ? 0 : 1];
    return pool.splice(Math.floor(next() * pool.length), 1)[0];
  });
}

// ---- what the judges say

const judges = [
  { name: "The classifier", says: (one, model) => one.judge[model].made_up > 50 },
  { name: "The rules of trading", says: (one) => Object.keys(one.rules).length > 0 },
];
const isMadeUp = (one) => one.source !== "real";

function whatGaveItAway(one, model) {
  const judge = one.judge[model];
  const [aspect, feature, below] = judge.why;
  const than = below > 50 ? `more than in ${below} %` : `less than in ${100 - below} %`;
  const rules = Object.entries(one.rules).map(([rule, days]) => `${rule} is broken on ${days} of 24 days.`);
  return [
    ...rules,
    `The classifier gives ${judge.made_up} % for made up. What spoke most for its verdict: ` +
      `${GAME.features[feature]}, ${GAME.aspects[aspect]}, ${than} of the training windows.`,
    `Movement from day to day: more than in ${one.movement} % of the training windows. ` +
      `Level: higher than in ${one.level} %.`,
  ];
}

// ---- the drawing: a candle a day, and the volume below

function make(tag, attributes = {}, ...children) {
  const drawn = ["svg", "g", "rect", "line", "text"].includes(tag);
  const node = drawn ? document.createElementNS("http://www.w3.org/2000/svg", tag) : document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  node.append(...children);
  return node;
}

// The row of a feature in dollars or shares.
const row = (one, name) => {
  const k = GAME.shown.indexOf(name);
  return one.values[k].map((value) => value * GAME.units[k]);
};

// Round numbers inside [low, high], three to six of them.
function ticks(low, high) {
  const power = 10 ** Math.floor(Math.log10((high - low) / 3));
  const step = power * [5, 2, 1].find((k) => (high - low) / (power * k) >= 3);
  const first = Math.ceil(low / step);
  return Array.from({ length: Math.floor(high / step) - first + 1 }, (_, k) => (first + k) * step);
}

function inWords(one) {
  const [open, close, high, low] = ["Open", "Close", "High", "Low"].map((name) => row(one, name));
  const volume = row(one, "Volume").map((shares) => shares / 1e6);
  const dollars = (value) => value.toFixed(2);
  return (
    `24 days. Opens at ${dollars(open[0])} dollars, closes at ${dollars(close.at(-1))}; ` +
    `highest ${dollars(Math.max(...high))}, lowest ${dollars(Math.min(...low))}. ` +
    `Volume ${Math.min(...volume).toFixed(1)} to ${Math.max(...volume).toFixed(1)} million shares.`
  );
}

function chart(one, width, height) {
  const rows = Object.fromEntries(GAME.shown.map((name) => [name, row(one, name)]));
  const prices = ["Open", "High", "Low", "Close"].flatMap((name) => rows[name]);
  const [low, high, most] = [Math.min(...prices), Math.max(...prices), Math.max(...rows.Volume) / 1e6];
  const [left, bottom, floor] = [44, height * 0.7, height - 6];
  const x = (day) => left + ((day + 0.5) * (width - left - 4)) / 24;
  const y = (price) => 24 + ((high - price) * (bottom - 38)) / (high - low || 1);
  const deep = (shares) => floor - (shares / (most || 1)) * (floor - bottom - 12);
  const svg = make("svg", { viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": inWords(one) });
  const mark = (value, place) => {
    svg.append(make("line", { class: "grid", x1: left, x2: width, y1: place, y2: place }));
    svg.append(make("text", { x: left - 6, y: place + 4, "text-anchor": "end" }, `${+value.toPrecision(6)}`));
  };
  svg.append(make("text", { x: 2, y: 12 }, "dollars"), make("text", { x: 2, y: bottom + 2 }, "million shares"));
  for (const price of ticks(low, high)) mark(price, y(price));
  for (const shares of ticks(0, most).filter((_, k, all) => k === 0 || k === all.length - 1)) mark(shares, deep(shares));
  const wide = ((width - left) / 24) * 0.64;
  for (let day = 0; day < 24; day += 1) {
    const [first, last] = [rows.Open[day], rows.Close[day]];
    const body = { x: x(day) - wide / 2, width: wide, y: y(Math.max(first, last)) };
    const kind = last < first ? "fall" : "rise";
    svg.append(
      make("line", { class: "wick", x1: x(day), x2: x(day), y1: y(rows.High[day]), y2: y(rows.Low[day]) }),
      make("rect", { class: kind, ...body, height: Math.max(1.5, Math.abs(y(first) - y(last))) }),
    );
    const top = deep(rows.Volume[day] / 1e6);
    svg.append(make("rect", { class: "volume", ...body, y: top, height: Math.max(0, floor - top) }));
  }
  return svg;
}

function table(one) {
  const head = make("tr", {}, ...["day", ...GAME.shown].map((name) => make("th", { scope: "col" }, name)));
  const body = one.values[0].map((_, day) => {
    const cells = GAME.shown.map((name) => {
      const value = row(one, name)[day];
      return make("td", {}, name === "Volume" ? value.toLocaleString("en") : value.toFixed(2));
    });
    return make("tr", {}, make("th", { scope: "row" }, `${day + 1}`), ...cells);
  });
  const all = make("table", {}, make("thead", {}, head), make("tbody", {}, ...body));
  const frame = make("div", { class: "game-table", tabindex: 0, role: "group", "aria-label": "Numbers" }, all);
  return make("details", {}, make("summary", {}, "The numbers as a table"), frame);
}

// ---- a round

function play(game, seed, model) {
  const round = drawRound(seed, model);
  const guesses = [];
  const said = make("p", { class: "game-count", "aria-live": "polite" });
  const stage = make("div", { class: "game-stage" });
  const width = Math.min(680, Math.max(300, game.clientWidth - 32));

  const button = (text, key, guess) => {
    const node = make("button", { type: "button" }, `${text} `, make("kbd", {}, key));
    node.addEventListener("click", () => answer(guess));
    return node;
  };
  const buttons = make("p", { class: "game-buttons" }, button("Real", "R", false), button("Made up", "M", true));

  game.onkeydown = (event) => {
    const guess = { r: false, m: true }[event.key.toLowerCase()];
    if (guess === undefined || guesses.length === ROUND) return;
    if (event.ctrlKey || event.altKey || event.metaKey || event.target.tagName === "INPUT") return;
    event.preventDefault();
    answer(guess);
  };

  function answer(guess) {
    if (guesses.length === ROUND) return;
    guesses.push(guess);
    if (guesses.length < ROUND) show();
    else score();
  }

  function show() {
    const one = round[guesses.length];
    said.textContent = `Window ${guesses.length + 1} of ${ROUND}. Real, or made up?`;
    stage.replaceChildren(chart(one, width, width * 0.55), table(one));
  }

  function score() {
    const right = (says) => round.filter((one, k) => says(one, k) === isMadeUp(one)).length;
    const scores = [["You", right((_, k) => guesses[k])]];
    for (const judge of judges) scores.push([judge.name, right((one) => judge.says(one, model))]);
    said.textContent = `${scores.map(([who, count]) => `${who}: ${count} of ${ROUND} right.`).join(" ")} `;
    buttons.remove();
    const cards = round.map((one, k) => {
      const verdicts = judges.map((judge) => `${judge.name}: ${TRUTH[judge.says(one, model)]}`);
      const right = guesses[k] === isMadeUp(one) ? "right" : "wrong";
      return make(
        "li", { class: right }, make("p", {}, make("strong", {}, `${k + 1}. It was ${TRUTH[isMadeUp(one)]}.`)),
        chart(one, 320, 190),
        make("p", {}, `You: ${TRUTH[guesses[k]]} (${right}). ${verdicts.join(". ")}.`),
        make("ul", {}, ...whatGaveItAway(one, model).map((text) => make("li", {}, text))),
      );
    });
    stage.replaceChildren(make("ol", { class: "game-cards" }, ...cards));
    said.tabIndex = -1;
    said.focus();
  }

  const again = `?seed=${seed}&model=${model}#real-or-made-up`;
  const foot = make("p", { class: "game-foot" }, `Seed ${seed}. `, make("a", { href: again }, "This round again"));
  game.querySelector(".game-round").replaceChildren(said, stage, buttons, foot);
  show();
}

function start() {
  const figure = document.querySelector("figure#fig-real-or-made-up");
  if (!figure || !globalThis.GAME) return;
  const asked = new URLSearchParams(location.search);
  const any = () => Math.floor(Math.random() * 1e6);
  const seed = /^\d{1,9}$/.test(asked.get("seed")) ? +asked.get("seed") : any();
  let model = asked.get("model") in GAME.titles ? asked.get("model") : "default";

  const game = make("div", { class: "game", role: "group", "aria-label": "Real or made up?" });
  const choice = make("fieldset", {}, make("legend", {}, "Made up by"));
  for (const [key, title] of Object.entries(GAME.titles)) {
    const radio = make("input", { type: "radio", name: "game-model", value: key });
    radio.checked = key === model;
    radio.addEventListener("change", () => play(game, any(), (model = key)));
    choice.append(make("label", {}, radio, ` ${title}`));
  }
  const fresh = make("button", { type: "button" }, "New round");
  fresh.addEventListener("click", () => play(game, any(), model));
  game.append(make("div", { class: "game-setup" }, choice, fresh), make("div", { class: "game-round" }));
  figure.replaceWith(game);
  play(game, seed, model);
}

start();
