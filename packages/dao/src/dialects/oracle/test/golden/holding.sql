-- get
select "BAG", "SLOT", "OWNER", "QUANTITY", "VERSION" from "HOLDING" where ("BAG" = :1 and "SLOT" = :2)

-- get for update
select "BAG", "SLOT", "OWNER", "QUANTITY", "VERSION" from "HOLDING" where ("BAG" = :1 and "SLOT" = :2) for update

-- getMany
select "BAG", "SLOT", "OWNER", "QUANTITY", "VERSION" from "HOLDING" where (("BAG" = :1 and "SLOT" = :2) or ("BAG" = :3 and "SLOT" = :4) or ("BAG" = :5 and "SLOT" = :6))

-- count of all
select count(*) from "HOLDING"

-- insert
insert into "HOLDING" ("BAG", "SLOT", "OWNER", "QUANTITY", "VERSION") values (:1, :2, :3, :4, :5)

-- upsert
merge into "HOLDING" "T" using (select "BAG", "SLOT", "OWNER", "QUANTITY", "VERSION" from "HOLDING" where 1 = 0 union all select :1, :2, :3, :4, :5 from DUAL) "S" on ("T"."BAG" = "S"."BAG" and "T"."SLOT" = "S"."SLOT") when matched then update set "T"."OWNER" = "S"."OWNER", "T"."QUANTITY" = "S"."QUANTITY", "T"."VERSION" = "T"."VERSION" + 1 when not matched then insert ("BAG", "SLOT", "OWNER", "QUANTITY", "VERSION") values ("S"."BAG", "S"."SLOT", "S"."OWNER", "S"."QUANTITY", "S"."VERSION")

-- addMany
merge into "HOLDING" "T" using (select "BAG", "SLOT", "OWNER", "QUANTITY", "VERSION" from "HOLDING" where 1 = 0 union all select :1, :2, :3, :4, :5 from DUAL union all select :6, :7, :8, :9, :10 from DUAL) "S" on ("T"."BAG" = "S"."BAG" and "T"."SLOT" = "S"."SLOT") when matched then update set "T"."QUANTITY" = "T"."QUANTITY" + "S"."QUANTITY", "T"."VERSION" = "T"."VERSION" + 1 when not matched then insert ("BAG", "SLOT", "OWNER", "QUANTITY", "VERSION") values ("S"."BAG", "S"."SLOT", "S"."OWNER", "S"."QUANTITY", "S"."VERSION")

-- saveNewer
merge into "HOLDING" "T" using (select "BAG", "SLOT", "OWNER", "QUANTITY", "VERSION" from "HOLDING" where 1 = 0 union all select :1, :2, :3, :4, :5 from DUAL) "S" on ("T"."BAG" = "S"."BAG" and "T"."SLOT" = "S"."SLOT") when matched then update set "T"."OWNER" = "S"."OWNER", "T"."QUANTITY" = "S"."QUANTITY", "T"."VERSION" = "S"."VERSION" where "T"."VERSION" < "S"."VERSION" when not matched then insert ("BAG", "SLOT", "OWNER", "QUANTITY", "VERSION") values ("S"."BAG", "S"."SLOT", "S"."OWNER", "S"."QUANTITY", "S"."VERSION")

-- delete
delete from "HOLDING" where ("BAG" = :1 and "SLOT" = :2)
