"""Where moto's DynamoDB is not AWS's: numbers, updates and a content type, put right around it.

- A number is stored as its value, not as its text: 1.50 comes back as 1.5. What is no number, has
  more than 38 significant digits or lies out of range is refused. moto keeps any text.
- UpdateItem may change nothing: it keeps its condition, and makes the item. moto stumbles.
- An update may name as many attributes as fit into 4 KB. moto reads an expression by recursion.
- Answers are application/x-amz-json-1.0.
"""

import json
import sys
from decimal import Decimal, InvalidOperation

from .errors import json_error

VALIDATION = "com.amazon.coral.validate#ValidationException"
MAX_DIGITS = 38
LARGEST_EXPONENT, SMALLEST_EXPONENT = 125, -130
ENOUGH_RECURSION = 50_000


class NotStorable(Exception):
    """A number that DynamoDB does not take, in its own words."""


class DynamoDbTruth:
    def __init__(self):
        sys.setrecursionlimit(ENOUGH_RECURSION)

    def perform(self, request, operation, moto):
        try:
            parameters = with_plain_numbers(operation.parameters)
        except NotStorable as error:
            return json_error(400, VALIDATION, str(error))
        if operation.name == "UpdateItem" and "UpdateExpression" not in parameters:
            parameters.setdefault("AttributeUpdates", {})
        body = json.dumps(parameters).encode()
        answer = moto(request.with_body(body) if operation.parameters else request)
        headers = {name: value for name, value in answer.headers.items()
                   if name.lower() != "content-type"}
        answer.headers = {**headers, "Content-Type": "application/x-amz-json-1.0"}
        return answer


def with_plain_numbers(value):
    if isinstance(value, list):
        return [with_plain_numbers(each) for each in value]
    if not isinstance(value, dict):
        return value
    if len(value) == 1 and isinstance(value.get("N"), str):
        return {"N": plain_number(value["N"])}
    if len(value) == 1 and isinstance(value.get("NS"), list):
        return {"NS": [plain_number(str(each)) for each in value["NS"]]}
    return {name: with_plain_numbers(each) for name, each in value.items()}


def plain_number(text):
    try:
        number = Decimal(text)
    except InvalidOperation:
        number = Decimal("NaN")
    if not number.is_finite():
        raise NotStorable("The parameter cannot be converted to a numeric value: " + text)
    digits = number.as_tuple().digits
    significant = len(str(int("".join(map(str, digits)))).rstrip("0"))
    if significant > MAX_DIGITS:
        raise NotStorable("Attempting to store more than 38 significant digits in a Number")
    if number and not SMALLEST_EXPONENT <= number.adjusted() <= LARGEST_EXPONENT:
        raise NotStorable("Number overflow or underflow. Attempting to store a number with "
                          "magnitude outside the supported range")
    plain = format(number, "f")
    plain = plain.rstrip("0").rstrip(".") if "." in plain else plain
    sign, magnitude = ("-", plain[1:]) if plain.startswith("-") else ("", plain)
    magnitude = magnitude.lstrip("+0") or "0"
    magnitude = "0" + magnitude if magnitude.startswith(".") else magnitude
    return magnitude if magnitude == "0" else sign + magnitude
