#!/bin/bash
# Writes the order file of this sample to stdout: make_orders.sh [COUNT] > orders.csv
#
# The same COUNT always gives the same file. awk's own rand() differs between awks, so the numbers
# come from the "minimal standard" generator of Park and Miller, which is one line of arithmetic.
set -euo pipefail

awk -v count="${1:-10000}" '
function random(n) { seed = seed * 16807 % 2147483647; return seed % n }

# What goes wrong with an order: 2 % find the shelf empty, 3 % have a card that declines, 1 % are
# never packed, 3 % cannot be delivered, 4 % meet a carrier that fails twice and then works.
function flag(  roll) {
  roll = random(100)
  if (roll < 2) return "sold_out"
  if (roll < 5) return "declined"
  if (roll < 6) return "never_packed"
  if (roll < 9) return "undeliverable"
  if (roll < 13) return "flaky"
  return ""
}

BEGIN {
  seed = 20250201
  skus = split("hat scarf mug lamp kettle apron teapot candle basket cushion clock vase", sku)
  split("1900 2450 890 5400 3900 2100 3300 650 2800 1750 4600 2999", cents)
  print "id,sku,quantity,cents,card,flag"
  for (i = 1; i <= count; i++) {
    item = 1 + random(skus)
    quantity = 1 + random(4)
    printf "order-%05d,%s,%d,%d,card-%06d,%s\n",
           i, sku[item], quantity, quantity * cents[item], random(1000000), flag()
  }
}'
