WITH `customers_read` AS (
  SELECT
    CAST(`t`.`customer_id` AS STRING) COLLATE UTF8_BINARY AS `customer_id`,
    CASE
      WHEN `t`.`spend` BETWEEN (
        -10000000000001
      ) AND 10000000000001
      THEN CASE
        WHEN (
          (
            `t`.`spend` * 100
          ) = FLOOR(`t`.`spend` * 100)
        )
        AND (
          (
            `t`.`spend` * 100
          ) BETWEEN (
            -1000000000000000
          ) AND 1000000000000000
        )
        THEN CAST(`t`.`spend` * 100 AS BIGINT)
      END
    END AS `spend`,
    CAST(`t`.`note` AS STRING) COLLATE UTF8_BINARY AS `note`
  FROM `customers` AS `t`
), `orders_read` AS (
  SELECT
    CAST(`t`.`customer_id` AS STRING) COLLATE UTF8_BINARY AS `customer_id`,
    CASE
      WHEN `t`.`ordered_on` BETWEEN CAST('0001-01-01' AS DATE) AND CAST('9999-12-31' AS DATE)
      THEN `t`.`ordered_on`
    END AS `ordered_on`,
    CASE
      WHEN `t`.`amount` BETWEEN (
        -10000000000001
      ) AND 10000000000001
      THEN CASE
        WHEN (
          (
            `t`.`amount` * 100
          ) = FLOOR(`t`.`amount` * 100)
        )
        AND (
          (
            `t`.`amount` * 100
          ) BETWEEN (
            -1000000000000000
          ) AND 1000000000000000
        )
        THEN CAST(`t`.`amount` * 100 AS BIGINT)
      END
    END AS `amount`
  FROM `orders` AS `t`
), `orders_seen` AS (
  SELECT
    `t`.`customer_id`,
    `t`.`ordered_on`,
    `t`.`amount`
  FROM `orders_read` AS `t`
  WHERE
    `t`.`ordered_on` < CAST('2026-07-01' AS DATE)
), `orders_2` AS (
  SELECT
    `t`.`customer_id`,
    `t`.`amount`,
    CASE
      WHEN (
        `t`.`ordered_on` >= CAST('2026-04-02' AS DATE)
      )
      AND (
        `t`.`ordered_on` < CAST('2026-07-01' AS DATE)
      )
      THEN 1
    END AS `row`
  FROM `orders_seen` AS `t`
), `orders_by_key` AS (
  SELECT
    `t`.`customer_id` AS `key`,
    `t`.`amount` AS `value`,
    ROW_NUMBER() OVER (PARTITION BY `t`.`customer_id` ORDER BY `t`.`amount` ASC NULLS LAST) AS `place`,
    COUNT(1) OVER (PARTITION BY `t`.`customer_id`) AS `count`
  FROM `orders_2` AS `t`
  WHERE
    (
      NOT `t`.`customer_id` IS NULL
    ) AND (
      NOT `t`.`amount` IS NULL
    )
), `orders_by_key_2` AS (
  SELECT
    `t`.`key`,
    MIN(`t`.`value`) AS `low`,
    MAX(`t`.`value`) AS `high`
  FROM `orders_by_key` AS `t`
  WHERE
    (
      `t`.`place` * 2
    ) BETWEEN `t`.`count` AND (
      `t`.`count` + 2
    )
  GROUP BY
    `t`.`key`
), `orders_by_key_3` AS (
  SELECT
    `t`.`customer_id` AS `key`,
    COUNT(`t`.`row`) AS `v1`
  FROM `orders_2` AS `t`
  WHERE
    NOT `t`.`customer_id` IS NULL
  GROUP BY
    `t`.`customer_id`
), `customers_2` AS (
  SELECT
    `t`.`customer_id`,
    CAST(`j0`.`low` + `j0`.`high` AS DOUBLE) / CAST('2.0' AS DOUBLE) AS `median`,
    COALESCE(`j1`.`v1`, 0) AS `count`,
    (
      `t`.`spend` >= 100000
    ) AND REGEXP(`t`.`note`, '\\Agold') AS `value_1`
  FROM `customers_read` AS `t`
  LEFT JOIN `orders_by_key_2` AS `j0`
    ON `t`.`customer_id` = `j0`.`key`
  LEFT JOIN `orders_by_key_3` AS `j1`
    ON `t`.`customer_id` = `j1`.`key`
), `customers_3` AS (
  SELECT
    `t`.`customer_id`,
    RINT(`t`.`median`) AS `x`,
    `t`.`count`,
    `t`.`value_1`
  FROM `customers_2` AS `t`
), `customers_4` AS (
  SELECT
    `t`.`customer_id`,
    CASE
      WHEN ABS(`t`.`x`) <= CAST('1000000000000000.0' AS DOUBLE)
      THEN CAST(`t`.`x` AS BIGINT)
    END AS `usual`,
    `t`.`count`,
    `t`.`value_1`
  FROM `customers_3` AS `t`
), `customers_5` AS (
  SELECT
    `t`.`customer_id`,
    `t`.`value_1`,
    (
      `t`.`count` >= 3
    ) OR (
      `t`.`usual` > 5000
    ) AS `value_2`
  FROM `customers_4` AS `t`
), `customers_6` AS (
  SELECT
    `t`.`customer_id`,
    CASE
      WHEN `t`.`value_1`
      THEN 'rich'
      WHEN `t`.`value_2`
      THEN 'loyal'
      WHEN (
        `t`.`value_1` IS NULL
      ) OR (
        `t`.`value_2` IS NULL
      )
      THEN 'open'
      ELSE 'rest'
    END AS `value`,
    CASE
      WHEN `t`.`value_1`
      THEN 'rich'
      WHEN `t`.`value_2`
      THEN 'loyal'
      WHEN (
        `t`.`value_1` IS NULL
      ) OR (
        `t`.`value_2` IS NULL
      )
      THEN 'unsure'
      ELSE 'otherwise'
    END AS `value_by`
  FROM `customers_5` AS `t`
)
SELECT
  `t`.`customer_id` AS `customer_id`,
  `t`.`value` AS `value`,
  `t`.`value_by` AS `value_by`
FROM `customers_6` AS `t`
