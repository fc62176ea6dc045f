#include "leak_check.h"

#include "aws/dynamodb_question.h"

#include <stdio.h>
#include <string.h>

/* Asks a table "widgets" whose key is "id", and expects that text. */
static void check(const struct table_op *op, const char *expected)
{
    struct buf out;
    buf_init(&out, 8192);
    assert_int_equal(dynamodb_ask(&out, "widgets", "id", op), 0);
    assert_string_equal(buf_string(&out), expected);
    buf_free(&out);
}

static struct table_op question(enum table_verb verb)
{
    struct table_op op;
    table_op_init(&op, verb);
    op.key = BYTES("w\"1");
    return op;
}

#define TABLE "{\"TableName\":\"widgets\""
#define ITEM_KEY ",\"Key\":{\"id\":{\"S\":\"w\\\"1\"}}"
#define ALL_OLD ",\"ReturnValuesOnConditionCheckFailure\":\"ALL_OLD\""
#define NAMES(names) ",\"ExpressionAttributeNames\":{" names "}"
#define VALUES(values) ",\"ExpressionAttributeValues\":{" values "}"

static void asks_for_an_item(void **state)
{
    struct table_op op = question(TABLE_GET);
    (void)state;
    check(&op, TABLE ITEM_KEY ",\"ConsistentRead\":true}");
}

static void puts_an_item(void **state)
{
    struct table_op op = question(TABLE_PUT);
    struct pairs item = {0}, equal = {0}, lacks = {0};
    (void)state;
    pairs_set(&item, "id", "{\"S\":\"a\"}");
    pairs_set(&item, "size-unit", "{\"N\":\"1.50\"}");
    pairs_set(&equal, "v", "{\"NULL\":true}");
    op.put = &item;
#define ITEM ",\"Item\":{\"id\":{\"S\":\"a\"},\"size-unit\":{\"N\":\"1.50\"}}"
    check(&op, TABLE ITEM "}");
    op.if_absent = true;
    check(&op, TABLE ITEM ",\"ConditionExpression\":\"attribute_not_exists(#n0)\"" ALL_OLD
          NAMES("\"#n0\":\"id\"") "}");
    op.if_absent = false;
    op.if_exists = true;
    check(&op, TABLE ITEM ",\"ConditionExpression\":\"attribute_exists(#n0)\"" ALL_OLD
          NAMES("\"#n0\":\"id\"") "}");
    op.if_exists = false;
    op.if_equal = &equal;
    check(&op, TABLE ITEM ",\"ConditionExpression\":\"attribute_exists(#n1) AND #n0=:v0\"" ALL_OLD
          NAMES("\"#n0\":\"v\",\"#n1\":\"id\"") VALUES("\":v0\":{\"NULL\":true}") "}");
    pairs_set(&lacks, "w", "");
    op.if_lacks = &lacks;
    check(&op, TABLE ITEM ",\"ConditionExpression\":\"attribute_exists(#n2) AND #n0=:v0 AND "
          "attribute_not_exists(#n1)\"" ALL_OLD
          NAMES("\"#n0\":\"v\",\"#n1\":\"w\",\"#n2\":\"id\"")
          VALUES("\":v0\":{\"NULL\":true}") "}");
    pairs_free(&item);
    pairs_free(&equal);
    pairs_free(&lacks);
}

static void deletes_an_item(void **state)
{
    struct table_op op = question(TABLE_DELETE);
    struct pairs none = {0};
    (void)state;
    check(&op, TABLE ITEM_KEY "}");
    op.if_exists = true;
    check(&op, TABLE ITEM_KEY ",\"ConditionExpression\":\"attribute_exists(#n0)\"" ALL_OLD
          NAMES("\"#n0\":\"id\"") "}");
    op.if_exists = false;
    op.if_equal = &none;
    check(&op, TABLE ITEM_KEY ",\"ConditionExpression\":\"attribute_exists(#n0)\"" ALL_OLD
          NAMES("\"#n0\":\"id\"") "}");
}

/* Names that would be something else inside an expression. */
static void changes_an_item(void **state)
{
    struct table_op op = question(TABLE_UPDATE);
    struct pairs set = {0}, gone = {0}, equal = {0};
    (void)state;
    check(&op, TABLE ITEM_KEY "}");
    pairs_set(&gone, "a.b", "");
    op.remove = &gone;
    check(&op, TABLE ITEM_KEY ",\"UpdateExpression\":\"REMOVE #n0\"" NAMES("\"#n0\":\"a.b\"") "}");
    pairs_set(&set, "size", "{\"S\":\"x\"}");
    pairs_set(&set, "#n0=:v0", "{\"S\":\":v0\"}");
    pairs_set(&gone, "\"", "");
    pairs_set(&equal, "size", "{\"N\":\"1\"}");
    pairs_set(&equal, "id", "{\"S\":\"a\"}");
    op.set = &set;
    op.if_equal = &equal;
    check(&op, TABLE ITEM_KEY ",\"UpdateExpression\":\"SET #n0=:v0,#n1=:v1 REMOVE #n2,#n3\""
          ",\"ConditionExpression\":\"attribute_exists(#n6) AND #n4=:v4 AND #n5=:v5\"" ALL_OLD
          NAMES("\"#n0\":\"size\",\"#n1\":\"#n0=:v0\",\"#n2\":\"a.b\",\"#n3\":\"\\\"\","
                "\"#n4\":\"size\",\"#n5\":\"id\",\"#n6\":\"id\"")
          VALUES("\":v0\":{\"S\":\"x\"},\":v1\":{\"S\":\":v0\"},\":v4\":{\"N\":\"1\"},"
                 "\":v5\":{\"S\":\"a\"}") "}");
    op.remove = NULL;
    op.if_equal = NULL;
    check(&op, TABLE ITEM_KEY ",\"UpdateExpression\":\"SET #n0=:v0,#n1=:v1\""
          NAMES("\"#n0\":\"size\",\"#n1\":\"#n0=:v0\"")
          VALUES("\":v0\":{\"S\":\"x\"},\":v1\":{\"S\":\":v0\"}") "}");
    pairs_free(&set);
    pairs_free(&gone);
    pairs_free(&equal);
}

static void looks_only_at_what_belongs_to_the_verb(void **state)
{
    struct table_op op = question(TABLE_GET);
    struct pairs some = {0};
    (void)state;
    pairs_set(&some, "a", "{\"S\":\"x\"}");
    op.set = op.remove = op.if_equal = op.if_lacks = &some;
    check(&op, TABLE ITEM_KEY ",\"ConsistentRead\":true}");
    op.verb = TABLE_DELETE;
    op.if_equal = op.if_lacks = NULL;
    check(&op, TABLE ITEM_KEY "}");
    pairs_free(&some);
}

/* As much as table_start() lets through fits into DynamoDB's 4 KB of an expression. */
static void says_all_that_may_be_asked(void **state)
{
    struct table_op op = question(TABLE_UPDATE);
    struct pairs set = {0}, equal = {0};
    struct buf out;
    char name[16];
    (void)state;
    for (int i = 0; i < TABLE_CHANGES_MAX; i++) {
        snprintf(name, sizeof name, "a%d", i);
        item_add_string(&set, bytes_of(name), BYTES("v"));
        if (i < TABLE_EQUAL_MAX)
            item_add_string(&equal, bytes_of(name), BYTES("w"));
    }
    op.set = &set;
    op.if_equal = &equal;
    buf_init(&out, DYNAMODB_QUESTION_MAX);
    assert_int_equal(dynamodb_ask(&out, "widgets", "id", &op), 0);
    assert_non_null(strstr(buf_string(&out), ",#n299=:v299\""));
    assert_non_null(strstr(buf_string(&out), " AND #n399=:v399\""));
    assert_non_null(strstr(buf_string(&out), "attribute_exists(#n400) AND #n300=:v300 AND"));
    assert_non_null(strstr(buf_string(&out), ",\":v399\":{\"S\":\"w\"}}}"));
    pairs_free(&set);
    pairs_free(&equal);
    buf_free(&out);
}

static void says_when_it_cannot_be_said(void **state)
{
    struct table_op op = question(TABLE_UPDATE);
    struct pairs set = {0};
    struct buf out;
    (void)state;
    buf_init(&out, 40);
    assert_int_equal(dynamodb_ask(&out, "widgets", "id", &op), -1);
    buf_free(&out);
    buf_init(&out, 1000 * 1000);
    op.key = BYTES("\xFF");
    assert_int_equal(dynamodb_ask(&out, "widgets", "id", &op), -1);
    op.key = BYTES("w");
    for (int i = 0; i < 1000; i++)
        item_add_string(&set, BYTES("a"), BYTES("v"));
    op.set = &set;
    assert_int_equal(dynamodb_ask(&out, "widgets", "id", &op), -1);
    pairs_free(&set);
    buf_free(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CHECKED(asks_for_an_item),
        CHECKED(puts_an_item),
        CHECKED(deletes_an_item),
        CHECKED(changes_an_item),
        CHECKED(looks_only_at_what_belongs_to_the_verb),
        CHECKED(says_all_that_may_be_asked),
        CHECKED(says_when_it_cannot_be_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
