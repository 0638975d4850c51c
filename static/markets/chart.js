// The candles, drawn from the table that the page holds of them, which is taken over anew every other second.

import {
  CandlestickSeries,
  createChart,
  createSeriesMarkers,
  CrosshairMode,
  HistogramSeries,
  LineStyle,
} from "../vendor/lightweight-charts.js";
import { grouped, price } from "../dashboard/format.js";

const canvas = document.getElementById("candle-canvas");
const part = document.getElementById("candles");
const MARKS = {
  halt: { shape: "square", position: "aboveBar", colour: "--yellow", text: "H" },
  news: { shape: "circle", position: "aboveBar", colour: "--blue", text: "N" },
  trade: { shape: "arrowUp", position: "belowBar", colour: "--highlight", text: "" },
};

const numberIn = (cell) => Number(cell.textContent.replaceAll(",", ""));
const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

function candlesIn(table) {
  return [...table.rows].map(({ cells }) => {
    const [time, open, high, low, close, volume] = [...cells].map(numberIn);
    return { time, open, high, low, close, volume };
  });
}

// Each mark at the candle in which its tick lies; of one kind a candle has one.
function marksIn(list, candles) {
  const marks = new Map();
  for (const { dataset } of list.querySelectorAll("[data-kind]")) {
    const candle = candles.find(({ time }) => time >= Number(dataset.tick));
    if (!candle) continue;
    const { shape, position, colour: name, text } = MARKS[dataset.kind];
    marks.set(`${candle.time} ${dataset.kind}`, { time: candle.time, shape, position, color: colour(name), text });
  }
  return [...marks.values()].sort((a, b) => a.time - b.time);
}

function drawing() {
  const chart = createChart(canvas, {
    autoSize: true,
    layout: { attributionLogo: false, fontSize: 12, fontFamily: getComputedStyle(document.body).fontFamily },
    crosshair: { mode: CrosshairMode.Normal },
    handleScroll: { vertTouchDrag: false }, // a finger that goes down the page goes on
    localization: { priceFormatter: price, timeFormatter: (tick) => `tick ${grouped(tick)}` },
    timeScale: { tickMarkFormatter: (tick) => grouped(tick), rightOffset: 2 },
  });
  const candles = chart.addSeries(CandlestickSeries, { borderVisible: false });
  const volumes = chart.addSeries(HistogramSeries, {
    priceFormat: { type: "volume" },
    priceScaleId: "",
    lastValueVisible: false,
    priceLineVisible: false,
  });
  candles.priceScale().applyOptions({ scaleMargins: { top: 0.1, bottom: 0.25 } });
  volumes.priceScale().applyOptions({ scaleMargins: { top: 0.8, bottom: 0 } });
  return { chart, candles, volumes, marks: createSeriesMarkers(candles, []) };
}

function paint({ chart, candles }) {
  chart.applyOptions({
    layout: { background: { color: colour("--black") }, textColor: colour("--dim") },
    grid: { vertLines: { color: colour("--faint") }, horzLines: { color: colour("--faint") } },
    rightPriceScale: { borderColor: colour("--line") },
    timeScale: { borderColor: colour("--line") },
  });
  const [up, down] = [colour("--green"), colour("--red")];
  candles.applyOptions({ upColor: up, downColor: down, wickUpColor: up, wickDownColor: down });
}

function fill({ candles, volumes, marks }) {
  const table = document.getElementById("candle-rows");
  if (!table) return;
  const lines = candlesIn(table);
  const [up, down] = [colour("--green"), colour("--red")].map((shade) => `${shade}55`);
  candles.setData(lines);
  volumes.setData(lines.map((one) => ({ time: one.time, value: one.volume, color: one.close < one.open ? down : up })));
  marks.setMarkers(marksIn(document.getElementById("marks"), lines));
}

// The levels that the research desk has found, as lines across the chart.
function drawLevels({ candles }, lines) {
  lines.splice(0).forEach((line) => candles.removePriceLine(line));
  for (const { dataset } of document.querySelectorAll("#traded-levels [data-price]")) {
    const shown = { price: Number(dataset.price), color: colour("--yellow"), lineWidth: 1, lineStyle: LineStyle.Dashed };
    lines.push(candles.createPriceLine({ ...shown, axisLabelVisible: true, title: "level" }));
  }
}

if (document.getElementById("candle-rows")) {
  canvas.hidden = false;
  const drawn = drawing();
  paint(drawn);
  fill(drawn);
  drawn.chart.timeScale().fitContent();
  part.addEventListener("taken", () => fill(drawn));
  const levels = [];
  drawLevels(drawn, levels);
  document.getElementById("company-research").addEventListener("taken", () => drawLevels(drawn, levels));
}
